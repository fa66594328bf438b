import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from rhobar.cli.main import app
from rhobar.select import Choice, Integer, Real
from rhobar.select.recipe_search import read_plan, search_recipe, trained_score
from rhobar.train.recipe import Recipe, RecipeError

RECIPE = """
[model]
name = "mlp"
hidden = [16]
[data]
name = "digits"
[optimizer]
name = "adam"
[training]
epochs = 2
[search.optimizer]
rate = { low = 1e-4, high = 1e-1, log = true }
[search.training]
batch_size = { low = 32, high = 128 }
[search.model]
hidden = { values = [[8], [32, 16]] }
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "digits.toml"
    path.write_text(RECIPE)
    return path


def test_a_plan_is_read(recipe):
    plan = read_plan(recipe)
    assert plan.space == {
        "optimizer.rate": Real(1e-4, 1e-1, log=True), "training.batch_size": Integer(32, 128),
        "model.hidden": Choice(([8], [32, 16])),
    }  # fmt: skip
    assert plan.recipe == Recipe.parse(RECIPE.split("[search")[0])
    assert plan.maximize


@pytest.mark.parametrize(("old", "new", "message"), [
    ("rate = {", "ratte = {", "did you mean 'rate'"),
    ("search.training", "search.traning", "did you mean 'training'"),
    ("low = 32, high = 128", "low = 128, high = 32", r"\[search.training\] batch_size: An interval needs"),
    ("low = 32, high = 128", "low = 32.5, high = 128", "must be a whole number"),
    ("low = 32, high = 128", "lo = 32, high = 128", "must be { low"),
    ("{ values = [[8], [32, 16]] }", "[8]", "must be { low"),
    ("[[8], [32, 16]]", '[["a"]]', "must be"),
    ("epochs = 2", "epochs = ", "cannot be read"),
])  # fmt: skip
def test_what_is_wrong_is_refused_by_name(recipe, old, new, message):
    recipe.write_text(RECIPE.replace(old, new))
    with pytest.raises(RecipeError, match=message) as caught:
        read_plan(recipe)
    assert str(recipe) in str(caught.value)


def test_a_recipe_without_places_is_refused(recipe):
    recipe.write_text(RECIPE.split("[search")[0])
    with pytest.raises(RecipeError, match=r"needs a section \[search\]"):
        read_plan(recipe)


def test_the_score_is_the_validation_metric_of_the_last_epoch_or_the_best():
    recipe = Recipe.parse('[model]\nname="mlp"\nhidden=[8]\n[optimizer]\nname="adam"\nrate=0.1\n[training]\nepochs=6')
    seen = []
    last = trained_score(recipe, lambda epoch, score: seen.append((epoch, score)))
    assert [epoch for epoch, _ in seen] == [1, 2, 3, 4, 5, 6]
    assert last == seen[-1][1]
    assert 0.1 < last < 1
    seen.clear()
    best = trained_score(
        recipe.with_values({"regularisation.patience": 6}), lambda epoch, score: seen.append((epoch, score))
    )
    assert best == max(score for _, score in seen)


def test_trials_take_their_values_and_the_best_is_the_best(recipe):
    plan = read_plan(recipe)
    found = search_recipe(plan, num_trials=3, method="random", prune=False)
    assert all(t.settings["model.hidden"] in ([8], [32, 16]) for t in found.trials)
    assert found.best.value == max(t.value for t in found.trials)
    again = trained_score(plan.recipe.with_values(found.best.settings), lambda epoch, score: None)
    assert again == found.best.value


def test_the_command_prints_the_best_and_writes_its_recipe(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["search", str(recipe), "--trials", "2", "--method", "random", "--out", "best.toml"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "2 trials, 0 of them given up early. The best:" in result.output
    assert (tmp_path / ".rhobar/search/digits.db").exists()
    best = Recipe.load(tmp_path / "best.toml")
    assert f"batch_size = {best.training.batch_size}" in result.output.splitlines()[1]
    more = CliRunner().invoke(app, [*arguments[:3], "3", *arguments[4:]])
    assert "3 trials" in more.output


def test_another_recipe_under_the_same_name_is_refused(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["search", str(recipe), "--trials", "1"]).exit_code == 0
    recipe.write_text(RECIPE.replace("epochs = 2", "epochs = 3"))
    result = CliRunner().invoke(app, ["search", str(recipe), "--trials", "1"])
    assert result.exit_code == 2
    assert "was begun of something else" in result.output
    assert CliRunner().invoke(app, ["search", str(recipe), "--trials", "1", "--name", "longer"]).exit_code == 0


def test_errors_are_sentences(tmp_path):
    result = CliRunner().invoke(app, ["search", str(tmp_path / "none.toml")])
    assert result.exit_code == 2
    assert "cannot be read" in result.output


def test_the_command_line_imports_neither_torch_nor_optuna_before_it_must():
    code = "import sys, rhobar.cli.main; sys.exit(bool({'torch', 'optuna', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_two_workers_killed_with_their_parent_are_gone_on_from(recipe, tmp_path):
    def states():
        if not (tmp_path / "s.db").exists():
            return []
        with sqlite3.connect(tmp_path / "s.db", timeout=60) as connection:
            try:
                return [state for (state,) in connection.execute("select state from trials")]
            except sqlite3.OperationalError:
                return []

    recipe.write_text(RECIPE.replace("epochs = 2", "epochs = 10"))
    command = [sys.executable, "-m", "rhobar", "search", str(recipe), "--trials", "8", "--workers", "2", "--method", "random",
               "--no-prune", "--storage", f"sqlite:///{tmp_path}/s.db"]  # fmt: skip
    parent = subprocess.Popen(command)
    while states().count("COMPLETE") < 3 and parent.poll() is None:
        time.sleep(0.05)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    before = states().count("COMPLETE")
    assert 3 <= before < 8
    time.sleep(1)
    assert states().count("COMPLETE") == before, "the workers ended with their parent"
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "8 trials, 0 of them given up early" in result.stdout
    assert states().count("COMPLETE") == 8
    assert "RUNNING" not in states()
