"""``rhobar lab``: what it prints, writes and exits with."""

import pytest
from typer.testing import CliRunner

from rhobar.cli.main import app
from rhobar.experiments import Experiment, Result, Setting, catalogue, experiments, true


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    return lambda *arguments: CliRunner().invoke(app, ["lab", *arguments])


def test_the_list_names_every_claim(lab):
    lines = lab("list").output.splitlines()
    assert len(lines) == len(experiments())
    assert all(e.name in line and e.claim in line for e, line in zip(experiments().values(), lines, strict=True))


@pytest.mark.parametrize(("options", "verdict"), [((), "holds"), (("--broken",), "fails")])
def test_one_run_prints_its_verdict_and_writes_page_and_picture(lab, tmp_path, options, verdict):
    ran = lab("run", "perceptron-convergence", "--out", str(tmp_path), *options)
    assert ran.exit_code == 0
    assert f"{verdict}: On data" in ran.output
    page = (tmp_path / "perceptron-convergence.html").read_text()
    assert "Updates until separated" in page and "Novikoff" in page and "http" not in page.replace("http-equiv", "")
    assert (tmp_path / "perceptron-convergence.svg").read_text().startswith("<svg")


def test_an_unknown_name_is_answered_with_the_nearest(lab):
    ran = lab("run", "perceptron-convergnce")
    assert ran.exit_code == 2
    assert "did you mean 'perceptron-convergence'" in ran.output


def test_an_exact_claim_says_that_there_is_no_larger_form(lab, tmp_path):
    ran = lab("run", "rms-norm-is-centred-layer-norm", "--full", "--out", str(tmp_path))
    assert ran.exit_code == 0
    assert "There is no larger form: the norms agree to rounding" in ran.output


def claim(name, run):
    return Experiment(name, f"The claim of {name}.", "Nobody", (), "nothing", run)


def raising(setting: Setting) -> Result:
    raise RuntimeError("no picture today")


@pytest.mark.parametrize(
    ("runs", "code", "said"),
    [
        ({"a": lambda setting: Result((true("so", True),))}, 0, "1 of 1 claims hold"),
        ({"a": lambda setting: Result((true("so", True),)), "b": lambda setting: Result((true("so", False),))}, 1,
         "1 of 2 claims hold"),
        ({"a": raising}, 1, "0 of 1 claims hold"),
    ],
    ids=["holds", "fails", "raises"],
)  # fmt: skip
def test_all_of_them_end_with_1_if_one_does_not_hold(lab, tmp_path, monkeypatch, runs, code, said):
    monkeypatch.setattr("rhobar.experiments.experiments", lambda: {n: claim(n, run) for n, run in runs.items()})
    ran = lab("all", "--out", str(tmp_path))
    assert ran.exit_code == code
    assert said in ran.output
    assert (tmp_path / ("all.html" if len(runs) > 1 else "a.html")).exists()


def test_a_name_stands_once(monkeypatch):
    twice = claim("twice", raising)
    monkeypatch.setattr(catalogue.importlib, "import_module", lambda name: type("Module", (), {"EXPERIMENT": twice}))
    catalogue.experiments.cache_clear()
    with pytest.raises(ValueError, match="stands once"):
        catalogue.experiments()
    catalogue.experiments.cache_clear()
