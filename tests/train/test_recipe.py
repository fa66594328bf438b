"""Laws of recipes: what is written comes back, and what is wrong is refused with the right name or type."""

import pytest
import torch

import rhobar as rb
from rhobar.train.presets import PRESETS
from rhobar.train.recipe import MODELS, Recipe, RecipeError
from rhobar.train.recipe.optimizers import OPTIMIZERS
from rhobar.train.recipe.schedule import SCHEDULES

TINY = "[model]\nname = 'mlp'\nhidden = [8]\n[training]\nepochs = 1\nbatch_size = 500"


def test_the_root_offers_it():
    assert rb.Recipe is Recipe


@pytest.mark.parametrize("name", PRESETS)
def test_toml_there_and_back(name):
    recipe = PRESETS[name].recipe()
    assert Recipe.parse(recipe.to_toml()) == recipe
    assert recipe.with_values({}) == recipe


WRONG = {
    "section": ("[modell]\nname = 'mlp'", r"did you mean 'model'"),
    "model": ("[model]\nname = 'mpl'", r"\[model\] has no 'mpl'; did you mean 'mlp'"),
    "option of a model": ("[model]\nname = 'mlp'\nhiden = [3]", r"mlp has no 'hiden'; did you mean 'hidden'"),
    "option of another": ("[model]\nname = 'lenet'\nhidden = [3]", "lenet has no 'hidden'"),
    "type in a list": ("[model]\nhidden = [3, 'x']", "hidden must be a whole number, got 'x'"),
    "no list": ("[model]\nhidden = 3", "hidden must be a list of values, each a whole number, got 3"),
    "choice": ("[model]\nactivation = 'rellu'", "did you mean 'relu'"),
    "bool is no number": ("[training]\nepochs = true", "epochs must be a whole number, got True"),
    "fraction": ("[training]\nepochs = 1.5", "epochs must be a whole number, got 1.5"),
    "text": ("[optimizer]\nrate = '0.1'", "rate must be a number, got '0.1'"),
    "pair": ("[optimizer]\nbetas = [0.9]", "betas must be a list of 2 values"),
    "key": ("[training]\nepoch = 3", "did you mean 'epochs'"),
    "rule": ("[optimizer]\nname = 'adamww'", "did you mean 'adamw'"),
    "no section": ("epochs = 3", r"has no 'epochs'"),
    "value for section": ("training = 3", r"training must be a section"),
    "name": ("[data]\nname = 3", r"name must be a text in quotes"),
    "not TOML": ("[training\n", "not TOML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused(name):
    text, message = WRONG[name]
    with pytest.raises(RecipeError, match=message):
        Recipe.parse(text)


def test_the_file_is_named(tmp_path):
    (tmp_path / "a.toml").write_text("[training]\nepoch = 3")
    with pytest.raises(RecipeError, match=r"a\.toml: .*did you mean 'epochs'"):
        Recipe.load(tmp_path / "a.toml")
    with pytest.raises(RecipeError, match=r"b\.toml cannot be read"):
        Recipe.load(tmp_path / "b.toml")


def test_whole_numbers_pass_as_numbers_and_a_new_name_drops_old_options():
    recipe = Recipe.parse("[optimizer]\nname = 'sgd'\nrate = 1\nnesterov = true")
    assert recipe.optimizer.options == {"rate": 1.0, "nesterov": True}
    other = recipe.with_values({"optimizer.rate": 0.5, "optimizer.name": "adam"})
    assert other.optimizer.options == {"rate": 0.5}
    with pytest.raises(RecipeError, match="section and a key"):
        recipe.with_values({"epochs": 3})


def test_data_that_the_model_cannot_read_are_refused():
    with pytest.raises(RecipeError, match="cnn cannot read digits; it reads mnist1d"):
        Recipe.parse("[model]\nname = 'cnn'").assemble()


def test_a_loss_of_another_task_is_refused():
    with pytest.raises(ValueError, match="cross-entropy or auto"):
        Recipe.parse("[loss]\nname = 'mse'").assemble()


def test_a_seed_decides_everything():
    scores = []
    for seed in (0, 0, 1):
        assembly = Recipe.parse(TINY).with_values({"training.seed": seed}).assemble()
        for _ in assembly.steps():
            pass
        scores.append(assembly.score())
    assert scores[0] == scores[1] != scores[2]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_takes_a_step(name):
    assembly = Recipe.parse(TINY).with_values({"optimizer.name": name, "training.max_steps": 1}).assemble()
    before = [p.detach().clone() for p in assembly.model.parameters()]
    assert [step.number for step in assembly.steps()] == [1]
    assert any(not torch.equal(a, b) for a, b in zip(before, assembly.model.parameters(), strict=True))


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_runs(name):
    assembly = Recipe.parse(TINY).with_values({"schedule.name": name}).assemble()
    assert len(list(assembly.steps())) == 3


SMALL = {
    "mlp": {}, "lenet": {}, "resnet": {"model.width": 2}, "cnn": {"model.width": 2},
    "recurrent": {"model.hidden": 3}, "forecaster": {"model.hidden": 3}, "gpt": {"model.dim": 8, "model.num_layers": 1},
    "recurrent-lm": {"model.hidden": 8}, "bert": {"model.dim": 8, "model.num_layers": 1},
    "transformer": {"model.dim": 8, "model.num_layers": 1}, "vae": {"model.hidden": [8]}, "gan": {"model.width": 2},
    "simclr": {"model.width": 2}, "dbn": {"model.hidden": [8], "model.epochs": 1}, "gcn": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "book.txt"
    path.write_text("the quick brown fox jumps over the lazy dog. " * 200)
    return str(path)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_trains_and_is_judged_by_its_task(name, book):
    values = {"model.name": name, "data.name": MODELS[name].data[0], "training.batch_size": 32, "training.max_steps": 2}
    if MODELS[name].data == ("text",):
        values["data.path"] = book
    assembly = Recipe().with_values({**values, **SMALL[name]}).assemble()
    assert [step.number for step in assembly.steps()] == [1, 2]
    scores = assembly.score()
    assert next(iter(scores)) == assembly.task.metric
    assert all(value == value for value in scores.values())


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_promises_what_its_task_judges(name):
    preset = PRESETS[name]
    task = MODELS[preset.recipe().model.name].task
    first = preset.goals[0]
    assert (first.metric, first.maximize) == (task.metric, task.maximize)
    kept = {goal.metric: goal.value for goal in preset.goals}
    assert preset.reached(kept)
    for goal in preset.goals:
        worse = goal.value - 1e-6 if goal.maximize else goal.value + 1e-6
        assert not preset.reached({**kept, goal.metric: worse})
        assert not preset.reached({**kept, goal.metric: float("nan")})
