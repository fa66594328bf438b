"""``pytest --rhobar`` fails the tests that train a sick model, and them alone; without it nothing is watched."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import rhobar.diagnose.exam
import rhobar.diagnose.live
import rhobar.integrations.pytest_plugin  # what the inner runs import is there before them
import rhobar.report  # noqa: F401
from tests.integrations.page import SETUP, parts

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ("-p", "no:rhobar", "-p", "rhobar.integrations.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:randomly")
TESTS = """
import pytest


def train(*more):
    net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 3), *more)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for epoch in range(10):
        for inputs, targets in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(inputs), targets).backward()
            optimizer.step()


@pytest.fixture
def trained():
    train(nn.Softmax(1))


def test_without_training():
    assert 1 + 1 == 2


def test_a_healthy_training():
    train()


def test_a_sick_training():
    train(nn.Softmax(1))


def test_a_sick_fixture(trained):
    pass


@pytest.mark.rhobar_mute("double-softmax")
def test_muted():
    train(nn.Softmax(1))


@pytest.mark.rhobar_mute
def test_all_muted():
    train(nn.Softmax(1))


def test_that_fails_of_itself():
    train(nn.Softmax(1))
    raise KeyError("own")
"""


def test_the_option_fails_sick_tests_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("\n".join(parts(SETUP)) + TESTS)
    result = pytester.runpytest_inprocess(*PLUGIN, "--rhobar", "--strict-markers", "-q")
    result.assert_outcomes(passed=4, failed=2, errors=1)
    result.stdout.fnmatch_lines_random(
        ["*ERROR*test_a_sick_fixture*", "Sequential is not healthy:", "  double-softmax: *logits*", "*KeyError: 'own'*"]
    )
    assert result.stdout.str().count("double-softmax: ") == 2


def test_an_unknown_finding_cannot_be_muted(pytester: pytest.Pytester) -> None:
    code = TESTS.split("@pytest.mark.rhobar_mute\n")[0].replace('"double-softmax"', '"no-such-finding"')
    pytester.makepyfile("\n".join(parts(SETUP)) + code)
    result = pytester.runpytest_inprocess(*PLUGIN, "--rhobar", "-q", "-k", "muted")
    result.assert_outcomes(failed=1, deselected=4)
    result.stdout.fnmatch_lines(["*mute must name findings*no-such-finding*"])


def test_the_fixture_holds_models_and_trainings_to_it(pytester: pytest.Pytester) -> None:
    sick = "\n".join(parts(SETUP) + parts("pytest"))
    for text, outcome in ((sick, {"failed": 2}), (sick.replace(", nn.Softmax(1)", ""), {"passed": 2})):
        pytester.makepyfile(text)
        result = pytester.runpytest_inprocess(*PLUGIN, "-q")
        result.assert_outcomes(**outcome)
        assert result.stdout.str().count("E   *AssertionError: Sequential is not healthy".replace("*", " ")) in (0, 2)


def test_installed_it_is_inert_and_imports_no_torch(tmp_path: Path) -> None:
    """As the entry point of a package that is installed: found by pytest, and asleep."""
    plugins = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]["pytest11"]
    info = tmp_path / "site" / "stand_in-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stand-in\nVersion: 0\n")
    lines = "\n".join(f"stand_in = {value}" for value in plugins.values())
    (info / "entry_points.txt").write_text(f"[pytest11]\n{lines}\n")
    (tmp_path / "test_inert.py").write_text(
        "import sys\n\ndef test_inert(pytestconfig):\n"
        "    manager = pytestconfig.pluginmanager\n"
        "    assert manager.has_plugin('stand_in') and not manager.has_plugin('rhobar-watched-tests')\n"
        "    assert 'rhobar.integrations.pytest_plugin' in sys.modules and 'torch' not in sys.modules\n"
    )
    path = os.pathsep.join([str(tmp_path / "site"), str(ROOT / "src")])
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:rhobar", "-p", "no:cacheprovider", "test_inert.py"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


def test_rhobar_s_own_tests_run_without_it() -> None:
    """It would import rhobar before jaxtyping's hook is there, which refuses to start then."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (name,) = project["project"]["entry-points"]["pytest11"]
    options = project["tool"]["pytest"]["ini_options"]["addopts"]
    assert options[options.index("-p") + 1] == f"no:{name}"
