"""Laws of all layers, over the table of rhobar.nn.layers.table: a new layer is a new row there."""

import pytest
import torch

from rhobar.nn.layers.table import LAYERS

ROWS = list(LAYERS.values())
each_layer = pytest.mark.parametrize("layer", ROWS, ids=list(LAYERS))
SEED = 3


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def make(layer):
    """A module whose parameters are all random: a bias of zero would hide what is done with it."""
    torch.manual_seed(0)
    module = layer.make()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module.train() if layer.random else module.eval()


def random_input(shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), requires_grad=True)


def seeded(function):
    def run(*args):
        torch.manual_seed(SEED)
        return function(*args)

    return run


def versions(layer, module):
    return seeded(lambda x: layer.call(module, x)), seeded(lambda x: layer.formula(module, x))


@each_layer
def test_formula_equals_production(layer):
    module = make(layer)
    production, formula = versions(layer, module)
    for shape in layer.shapes:
        x = random_input(shape)
        torch.testing.assert_close(formula(x), production(x), rtol=1e-12, atol=1e-12)


@each_layer
def test_gradients_of_both_agree(layer):
    module = make(layer)
    production, formula = versions(layer, module)
    for k, shape in enumerate(layer.shapes):
        x = random_input(shape)
        wanted = [x, *module.parameters()]
        weights = torch.randn(layer.shapes[shape], generator=torch.Generator().manual_seed(2))
        ours, theirs = (torch.autograd.grad((f(x) * weights).sum(), wanted) for f in (formula, production))
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)
        assert k or all(b.abs().max() > 0 for b in theirs)  # later shapes may be too small to use every weight


@each_layer
@pytest.mark.parametrize("version", [0, 1], ids=["production", "formula"])
def test_gradients_against_finite_differences(layer, version):
    module = make(layer)
    f = versions(layer, module)[version]
    x = random_input(next(iter(layer.shapes)))
    assert torch.autograd.gradcheck(lambda x, *_: f(x), (x, *module.parameters()), fast_mode=True)


@each_layer
def test_shapes(layer):
    module = make(layer)
    for given, wanted in layer.shapes.items():
        for f in versions(layer, module):
            assert f(random_input(given)).shape == wanted


@each_layer
def test_samples_of_a_batch_do_not_see_each_other(layer):
    module = make(layer).eval()
    for _, *rest in layer.shapes:
        x = random_input((5, *rest))
        whole = layer.call(module, x)
        order = torch.tensor([3, 0, 4, 1, 2])
        torch.testing.assert_close(layer.call(module, x[order]), whole[order], rtol=1e-12, atol=1e-12)
        split = torch.cat([layer.call(module, x[:2]), layer.call(module, x[2:])])
        torch.testing.assert_close(split, whole, rtol=1e-12, atol=1e-12)


@each_layer
def test_evaluation_differs_from_training_only_where_stated(layer):
    module = make(layer)
    norms = any(isinstance(m, torch.nn.BatchNorm2d) for m in module.modules())
    x = random_input(next(iter(layer.shapes)))
    evaluated = layer.call(module.eval(), x)
    torch.manual_seed(SEED)
    trained = layer.call(module.train(), x)
    assert torch.equal(trained, evaluated) == (not layer.random and not norms)


# Attention mixes what it drops; its mean is held in test_attention.py.
DROPPING = [name for name, layer in LAYERS.items() if layer.random and "ttention" not in layer.summary]


@pytest.mark.parametrize("name", DROPPING)
def test_random_layers_are_right_on_average(name):
    layer = LAYERS[name]
    module = make(layer)
    x = torch.ones(40_000, 1)
    y = layer.call(module, x)
    q = 1 - module.p  # y is 1/q with probability q: variance 1/q − 1
    assert y.mean().item() == pytest.approx(1, abs=4 * ((1 / q - 1) / len(x)) ** 0.5)
    assert y.unique().tolist() == pytest.approx([0, 1 / q])


@each_layer
def test_each_row_says_what_it_is(layer):
    assert layer.summary.endswith(".")
    assert len(layer.summary) <= 100
    assert layer.shapes


@each_layer
def test_saved_and_loaded(layer):
    module, other = make(layer), layer.make()
    other.load_state_dict(module.state_dict(), strict=True)
    other.train(module.training)
    x = random_input(next(iter(layer.shapes)))
    (ours, _), (theirs, _) = versions(layer, module), versions(layer, other)
    assert torch.equal(ours(x), theirs(x))


OWN = [name for name, layer in LAYERS.items() if type(layer.make()).__module__.startswith("rhobar")]


@pytest.mark.parametrize("name", OWN)
def test_our_own_modules_are_exported(name):
    module = make(LAYERS[name]).eval()
    x = random_input(next(iter(LAYERS[name].shapes))).detach()
    exported = torch.export.export(module, (x,)).module()
    torch.testing.assert_close(exported(x), module(x), rtol=1e-12, atol=1e-12)
