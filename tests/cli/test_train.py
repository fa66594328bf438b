"""`rhobar train`: what it prints, writes and refuses."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from rhobar.cli.main import app
from rhobar.train.presets import PRESETS

QUICK = ["train", "--set", "model.hidden=[8]", "--epochs", "2", "--batch-size", "500"]


def invoke(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_the_list_holds_every_preset_with_its_promise():
    result = invoke("train", "--list")
    lines = result.output.splitlines()
    assert len(lines) == len(PRESETS)
    for preset, line in zip(PRESETS.values(), lines, strict=True):
        assert preset.name in line and preset.promise in line
        assert (
            all(f" {value:.4g} " in line for value in preset.measured) and preset.measured
        ) or "not measured" in line


def test_options_are_a_recipe():
    result = invoke("train", "--model", "lenet", "--data", "mnist5k", "--optimizer", "sgd", "--rate", "0.05", "--show")
    assert result.exit_code == 0
    assert '[model]\nname = "lenet"' in result.output and '[optimizer]\nname = "sgd"\nrate = 0.05' in result.output


def test_a_run_is_watched_judged_and_diagnosed(tmp_path):
    (tmp_path / "small.toml").write_text("[model]\nhidden = [8]\n[training]\nepochs = 2\nbatch_size = 500")
    result = invoke("train", tmp_path / "small.toml", "--out", tmp_path / "out", "--checkpoint", tmp_path / "state")
    assert result.exit_code == 0, result.output
    assert "test: accuracy" in result.output and "epoch   2" in result.output
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "diagnosis.json",
        "record.json",
        "report.html",
        "run.db",
    ]
    assert json.loads((tmp_path / "out" / "record.json").read_text())["trainings"][0]["num_steps"] == 6
    assert (tmp_path / "state").exists()


def test_a_sick_recipe_is_named_and_bites(tmp_path):
    wild = [*QUICK, "--optimizer", "sgd", "--rate", "1e6", "--epochs", "12", "--quiet", "--out", tmp_path]
    result = invoke(*wild, "--fail-on", "cause")
    assert result.exit_code == 3
    found = json.loads((tmp_path / "diagnosis.json").read_text())
    assert "learning-rate-too-high" in json.dumps(found)


@pytest.mark.parametrize(("arguments", "message"), [
    (["digits-mpl"], "neither a file nor a preset 'digits-mpl'"),
    (["--model", "resnt"], "did you mean 'resnet'"),
    (["--set", "training.epochs"], "must be section.key=value"),
    (["--set", "training.epochs=x"], "must be a whole number, got 'x'"),
    (["--model", "gpt", "--data", "text"], "There is no text at"),
    (["--model", "cnn"], "cnn cannot read digits"),
    (["missing.toml"], "cannot be read"),
])  # fmt: skip
def test_what_is_wrong_is_refused_with_a_sentence(arguments, message):
    result = invoke("train", *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_the_command_line_starts_without_torch():
    code = "import sys, rhobar.cli.main; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
