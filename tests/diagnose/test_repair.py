"""Repairs of trainings with a known fault: found, proven on rows that chose nothing, and nothing where nothing helps."""

import math
import subprocess
import sys

import jaxtyping
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

import rhobar as rb
from rhobar.cli.main import app
from rhobar.diagnose.repair import recipe_problem
from rhobar.diagnose.repair.problem import prepared
from rhobar.diagnose.repair.search import trainings
from rhobar.diagnose.trials.case import NotReplayable
from rhobar.diagnose.trials.replay import descend, score
from rhobar.train import evaluate
from rhobar.train.recipe import Recipe


def rows(n=560, *, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 4, generator=generator)
    return x, (x[:, 0] * x[:, 1] > 0).long()


def made(*, rate=0.5, end=(), activation=nn.Tanh, depth=1, scale=1.0, offset=0.0, labels=None):
    x, y = rows()
    x, y = scale * x + offset, y if labels is None else labels(y)
    torch.manual_seed(0)
    hidden = [layer for _ in range(depth - 1) for layer in (nn.Linear(32, 32), activation())]
    net = nn.Sequential(nn.Linear(4, 32), activation(), *hidden, nn.Linear(32, 2), *end)
    batches = [(x[i : i + 40], y[i : i + 40]) for i in range(0, 560, 40)]
    optimizer = torch.optim.SGD(net.parameters(), lr=rate)
    return net, nn.CrossEntropyLoss(), optimizer, batches[:8], batches[8:11], batches[11:]


FAULTS = {
    "softmax before cross-entropy": ({"end": (nn.Softmax(1),)}, "softmax"),
    "a rate far too low": ({"rate": 3e-3}, "learning rate"),
    "deep sigmoids": ({"activation": nn.Sigmoid, "depth": 7}, "ReLU"),
}


@pytest.mark.parametrize(("fault", "word"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_and_its_repair_proven_on_test_rows(fault, word):
    repaired = rb.repair(lambda: made(**fault), budget=5, epochs=15)
    assert any(word in change for change in repaired.changes)
    assert repaired.accuracy_after > max(0.8, repaired.accuracy_before + 0.05)
    assert len(repaired.attempts) <= 5
    assert repaired.changes[0] in str(repaired)


def test_nothing_is_changed_where_nothing_is_better():
    noise = torch.randint(2, (560,), generator=torch.Generator().manual_seed(1))
    repaired = rb.repair(lambda: made(labels=lambda y: noise), budget=4, epochs=3)
    assert repaired.changes == ()
    assert repaired.after == repaired.before
    assert repaired.test_after == repaired.test_before


def test_a_repair_leaves_random_numbers_and_the_given_model_alone():
    parts = made(end=(nn.Softmax(1),))
    weights = {k: v.clone() for k, v in parts[0].state_dict().items()}
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first = rb.repair(lambda: parts, budget=2, epochs=2)
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(weights[k], v) for k, v in parts[0].state_dict().items())
    assert rb.repair(lambda: parts, budget=2, epochs=2) == first


def test_held_out_rows_are_never_trained_on():
    """Shuffling deals rows anew: with labels that only the validation rows have, dealing those in would be seen."""
    x, y = rows()
    order = torch.argsort(y)
    batches = [(x[order[i : i + 40]], y[order[i : i + 40]]) for i in range(0, 320, 40)]
    foreign = [(x[320:] + 50, 1 - y[320:])]

    def make():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
        return net, nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters(), 1e-2), batches, foreign, foreign

    for attempt in rb.repair(make, budget=12, epochs=10).attempts:
        assert "train-validation-overlap" not in attempt.causes


@pytest.mark.parametrize(
    "what", [None, (1, 2), (nn.Linear(2, 2), len, "sgd", [], [], [])], ids=["none", "two", "no opt"]
)
def test_what_is_no_problem_is_refused_in_a_sentence(what):
    with pytest.raises(TypeError, match="make must return"):
        rb.repair(lambda: what)


def test_an_empty_set_of_batches_is_refused_by_name():
    parts = made()
    with pytest.raises(ValueError, match="test"):
        rb.repair(lambda: (*parts[:5], []))


@pytest.mark.parametrize(("budget", "number"), [(20, 20), ("20x", 20), ("3", 3)])
def test_a_budget_is_a_number_of_trainings(budget, number):
    assert trainings(budget) == number


@pytest.mark.parametrize("budget", [0, -1, "x", "2.5x"])
def test_other_budgets_are_refused(budget):
    with pytest.raises(ValueError, match="budget must be"):
        trainings(budget)


def test_a_loss_that_is_wrong_is_not_minimised():
    def make():
        x, _ = rows()
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
        real = torch.stack([x.sum(1), x[:, 0], x[:, 1]], 1)
        batches = [(x[i : i + 40], real[i : i + 40]) for i in range(0, 560, 40)]
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
        return net, nn.CrossEntropyLoss(), optimizer, batches[:8], batches[8:11], batches[11:]

    with pytest.raises(NotReplayable, match=r"loss-task-mismatch|invalid-labels"):
        rb.repair(make, budget=3, epochs=10)


SCRIPT = """
import torch
from torch import nn
torch.manual_seed(0)
x = torch.randn(800, 4)
y = (x[:, 0] * x[:, 1] > 0).long()
net = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2), nn.Softmax(1))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(5):
    for rows in torch.randperm(800).split(40):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()
"""


def repaired_script(path, *options):
    command = [sys.executable, "-m", "rhobar", "repair", *options, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=path.parent)


def test_a_script_is_repaired_without_a_line_changed(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    ran = repaired_script(script, "--budget", "3")
    assert "1. the softmax at the output dropped" in ran.stderr
    assert "test loss" in ran.stderr
    assert ran.returncode == 0


def test_a_script_that_cannot_be_repaired_says_why(tmp_path):
    script = tmp_path / "idle.py"
    script.write_text("import torch\n")
    ran = repaired_script(script)
    assert "no loss was differentiated" in ran.stderr
    assert ran.returncode == 1


RECIPE = """
[model]
hidden = [16]
[optimizer]
name = "sgd"
rate = 1e-4
momentum = 0.0
[schedule]
name = "cosine"
warmup = 4
[regularisation]
clip_norm = 5.0
mixup = 0.2
[training]
epochs = 3
batch_size = 128
accumulate = 2
"""


@pytest.fixture
def command(monkeypatch):
    """Without the type checks of these tests: typer hands out a context that is no `typer.Context`."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    return lambda *arguments: CliRunner().invoke(app, ["repair", *map(str, arguments)])


def test_a_recipe_is_repaired_on_its_own_data(command, tmp_path):
    path = tmp_path / "slow.toml"
    path.write_text(RECIPE)
    ran = command("--budget", 4, path)
    assert ran.exit_code == 0, ran.output
    assert "The trainings do without the recipe's mixup." in ran.output
    assert "After 4 trainings, test loss" in ran.output
    assert "a learning rate of" in ran.output.splitlines()[-1]


def test_a_recipes_problem_is_its_training():
    """Undone by nobody, the case ends near where `fit` ends: the same steps, rates, clipping and accumulation."""
    recipe = Recipe.parse(RECIPE).with_values({"optimizer.rate": 0.1, "regularisation.mixup": 0.0})
    assembly = recipe.assemble()
    rates = [step.rate for step in assembly.steps(progress=False)]
    problem = recipe_problem(recipe)
    assert problem.steps == len(rates) == 15
    assert problem.loop.rates == pytest.approx([rate / 0.1 for rate in rates])
    assert (problem.loop.per_step, problem.loop.scale, problem.loop.clip) == (2, 0.5, 5.0)
    parts = [torch.cat([x for x, _ in part]).flatten(1) for part in (problem.batches, problem.validation, problem.test)]
    assert [len(part) for part in parts] == list(assembly.data.sizes().values())
    assert torch.equal(parts[2], assembly.data.test[0].flatten(1))
    trained, losses = descend(prepared(problem).case, steps=problem.steps, seed=0)
    assert len(losses) == 2 * problem.steps
    assert score(trained) == pytest.approx(
        evaluate(assembly.model, nn.functional.cross_entropy, [assembly.data.validation]).loss, rel=0.1
    )


@pytest.mark.parametrize(
    ("text", "sentence", "code"),
    [
        ('[model]\nname = "vae"', "the recipe's batches are no pairs", 1),
        ('[optimizer]\nname = "sam"', "sam needs more than one gradient a step", 1),
        ('[model]\nname = "cnn"', "cnn cannot read digits", 2),
        ("[training]\nepoch = 1", "did you mean 'epochs'", 2),
    ],
)
def test_a_recipe_that_cannot_be_repaired_says_why(command, text, sentence, code, tmp_path):
    path = tmp_path / "other.toml"
    path.write_text(text)
    ran = command(path)
    assert ran.exit_code == code
    assert sentence in ran.output


def test_options_after_a_recipe_are_refused_not_ignored(command):
    ran = command("slow.toml", "--budget", 4)
    assert ran.exit_code == 2
    assert "write options before it" in ran.output


FACTORIES = {
    "no pairs": ("make", "The training cannot be repaired: its batches are not pairs", 1),
    "raises": ("fails", "raised ZeroDivisionError", 2),
    "another thing": ("other", "make must return", 2),
}


@pytest.mark.parametrize(("name", "sentence", "code"), FACTORIES.values(), ids=FACTORIES)
def test_a_factory_that_cannot_be_repaired_says_why(command, name, sentence, code, tmp_path):
    (tmp_path / "nets.py").write_text(
        "import torch\n"
        "def make():\n"
        "    net = torch.nn.Linear(2, 1)\n"
        "    batches = [{'x': torch.zeros(3, 2)}]\n"
        "    return net, torch.nn.MSELoss(), torch.optim.SGD(net.parameters(), lr=0.1), batches, batches, batches\n"
        "def fails(): return 1 / 0\n"
        "def other(): return 3\n"
    )
    ran = command(f"{tmp_path / 'nets.py'}:{name}")
    assert ran.exit_code == code
    assert sentence in ran.output


def test_infinite_losses_are_worse_than_any_other():
    repaired = rb.repair(lambda: made(rate=1e9, scale=1e6), budget=3, epochs=2)
    assert not math.isfinite(repaired.before.loss) or repaired.before.accuracy < 0.7
    assert repaired.after.loss <= repaired.before.loss or repaired.after.accuracy > repaired.before.accuracy
