"""Both ends of blocks' Jacobians, mean-field predictions and Lipschitz bounds, against dense matrices."""

import math
import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rhobar.probes.jacobian import layer_gains, layer_spectra, lipschitz_bounds
from rhobar.probes.jacobian.layer_norms import layer_bound


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def dense(f, x):
    return torch.func.jacrev(f)(x).reshape(f(x).numel(), x.numel())


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a, self.b = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x):
        return x + 0.5 * self.b(F.gelu(self.a(x)))


def test_both_ends_and_the_radius_are_those_of_the_dense_jacobian():
    model, x = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), Residual(6), nn.Linear(6, 3)), torch.randn(2, 5)
    found = {s.name: s for s in layer_spectra(model, x, max_steps=60, tol=1e-10)}
    h = model[:2](x).detach()
    cases = {"0": dense(model[:2], x), "2.a+2.b": dense(model[2], h), "3": dense(model[3], model[2](h).detach())}
    for name, J in cases.items():
        sigma = torch.linalg.svdvals(J)
        one = found[name]
        assert one.shape == tuple(J.shape)
        assert one.sigma_max == pytest.approx(sigma[0].item())
        assert one.sigma_min == pytest.approx(sigma[-1].item(), rel=1e-6)
        assert one.converged
        if J.shape[0] == J.shape[1]:
            assert one.radius == pytest.approx(torch.linalg.eigvals(J).abs().max().item())
            assert one.radius <= one.sigma_max * (1 + 1e-9)  # A60
        else:
            assert math.isnan(one.radius)


@pytest.mark.parametrize("act", [None, nn.ReLU, nn.Tanh, nn.GELU, nn.Sigmoid])
def test_wide_random_layers_have_the_predicted_gain_and_band(act):
    layer = nn.Linear(300, 600)
    nn.init.normal_(layer.weight, 0, 1.3 / 300**0.5), nn.init.normal_(layer.bias, 0, 1.5)
    model, x = nn.Sequential(*[layer, *([act()] if act else [])]), torch.randn(1, 300)
    (found,) = layer_spectra(model, x, max_steps=80, tol=1e-3)
    (gain,) = layer_gains(model, x, num_probes=40)
    assert found.unpredicted == ""
    assert gain.jacobian == pytest.approx(
        found.predicted_gain, abs=5 * gain.jacobian_stderr + 0.04 * found.predicted_gain
    )
    assert found.sigma_max == pytest.approx(found.band.high, rel=0.05)
    assert found.sigma_min == pytest.approx(found.band.low, rel=0.15, abs=0.05 * found.band.high)


def test_a_convolution_has_the_predicted_gain():
    model = nn.Sequential(nn.Conv2d(16, 32, 3, padding=1, padding_mode="circular", bias=False), nn.ReLU())
    x = torch.randn(4, 16, 8, 8)
    (found,), (gain,) = layer_spectra(model, x, max_steps=3), layer_gains(model, x, num_probes=30)
    assert gain.jacobian == pytest.approx(found.predicted_gain, rel=0.1)
    assert found.band is None


def test_what_has_no_theory_says_so():
    class Functional(nn.Linear):
        def forward(self, x):
            return F.relu(super().forward(x))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, x):
            return self.b(F.relu(self.a(x)))

    first, second = layer_spectra(Net(), torch.randn(2, 3))
    assert first.unpredicted == "something is computed in it that is no module"
    assert second.unpredicted == ""
    (normed,) = layer_spectra(nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3), nn.ReLU()), torch.randn(2, 3))
    assert "not one map and one activation" in normed.unpredicted
    (odd,) = layer_spectra(nn.Sequential(nn.Linear(3, 3), nn.Softmax(-1)), torch.randn(2, 3))
    assert odd.unpredicted == "there is no theory for Linear and Softmax"
    (idle,) = layer_spectra(nn.ModuleDict({"n": nn.Linear(2, 2)})["n"], torch.randn(1, 2).detach())
    assert idle.reason == ""


LAYERS = {
    "linear": (lambda: nn.Linear(4, 6), (1, 4)),
    "conv": (lambda: nn.Conv2d(2, 3, 3, padding=1), (1, 2, 5, 5)),
    "strided": (lambda: nn.Conv2d(2, 4, 3, stride=2, padding=2, dilation=2, groups=2), (1, 2, 7, 7)),
    "conv1d": (lambda: nn.Conv1d(2, 3, 4), (1, 2, 9)),
    "tanh": (nn.Tanh, (1, 5)),
    "gelu": (nn.GELU, (1, 50)),
    "softplus": (nn.Softplus, (1, 50)),
    "leaky": (lambda: nn.LeakyReLU(2.0), (1, 5)),
    "batch norm": (lambda: nn.BatchNorm1d(4).eval(), (1, 4)),
    "layer norm": (lambda: nn.LayerNorm(4, eps=0.1), (1, 4)),
    "max pool": (lambda: nn.MaxPool2d(3, 2), (1, 1, 7, 7)),
    "average pool": (lambda: nn.AvgPool2d(3, 1), (1, 1, 6, 6)),
    "average pool apart": (lambda: nn.AvgPool1d(2), (1, 1, 6)),
    "softmax": (lambda: nn.Softmax(-1), (1, 4)),
    "dropout": (lambda: nn.Dropout(0.5).eval(), (1, 4)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_no_input_stretches_more_than_the_layers_bound(name):
    make, shape = LAYERS[name]
    layer = make()
    bound, worst = layer_bound(layer, torch.Size(shape)), 0.0
    for scale in (0.0, 0.3, 1.0, 3.0, 10.0):
        for _ in range(8):
            x = scale * torch.randn(shape)
            worst = max(worst, torch.linalg.matrix_norm(dense(layer, x), 2).item())
    assert worst <= bound * (1 + 1e-6)
    slack = {"conv": 1.5, "strided": 3, "conv1d": 1.5, "max pool": 1.6, "average pool": 1.6}
    assert worst >= bound / slack.get(name, 1.1)


def test_a_kernel_larger_than_its_input_is_bounded_on_a_torus_that_holds_both():
    layer = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]]))
    assert layer_bound(layer, torch.Size((1, 1, 1, 1))) >= 4 > 0.9 * layer_bound(layer, torch.Size((1, 1, 1, 1))) / 2


def test_bounds_hold_through_sums_and_products():
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), Residual(6), nn.Linear(6, 2)).eval()
    found = lipschitz_bounds(model, torch.randn(8, 4), max_steps=40, tol=1e-9)
    norms = [torch.linalg.matrix_norm(m.weight, 2).item() for m in (model[0], model[2].a, model[2].b, model[3])]
    steep = layer_bound(nn.GELU(), None)
    assert found.upper == pytest.approx(norms[0] * (1 + 0.5 * norms[2] * steep * norms[1]) * norms[3])
    local = max(torch.linalg.matrix_norm(dense(model, x[None]), 2).item() for x in torch.randn(8, 4))
    assert local <= found.upper and found.lower <= found.upper
    assert found.refused == {}
    assert [layer.name for layer in found.layers][:3] == ["0", "1", "2.a"]


def test_a_tensor_that_enters_twice_counts_twice():
    class Twice(nn.Module):
        def forward(self, x):
            return torch.cat([x + x, x - x, 2 * x], 1)

    found = lipschitz_bounds(Twice(), torch.randn(2, 3))
    assert found.upper == pytest.approx(12**0.5)
    assert found.lower == pytest.approx(8**0.5)


def test_lower_is_the_worst_sample():
    model, x = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)), torch.randn(6, 3)
    found = lipschitz_bounds(model, x, max_steps=60, tol=1e-10)
    assert found.lower == pytest.approx(max(torch.linalg.matrix_norm(dense(model, r[None]), 2).item() for r in x))


def test_orthogonal_networks_have_equal_bounds():
    model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(3)))
    for layer in model:
        nn.init.orthogonal_(layer.weight, 1.5)
    found = lipschitz_bounds(model, torch.randn(2, 4))
    assert (found.lower, found.upper) == (pytest.approx(1.5**3), pytest.approx(1.5**3))


def test_what_has_no_bound_is_refused_by_name():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.map, self.norm = nn.Linear(4, 4), nn.BatchNorm1d(4)
            self.attention = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)

        def forward(self, x):
            return self.norm(self.map(x)) * torch.exp(x)

    with warnings.catch_warnings(action="ignore"):
        found = lipschitz_bounds(Net(), torch.randn(3, 4))
    assert found.upper == math.inf and found.lower > 0
    assert set(found.refused) == {"norm", "exp", "mul"}
    assert "eval()" in found.refused["norm"]

    class Branch(nn.Linear):
        def forward(self, x):
            return super().forward(x) if x.sum() > 0 else x

    assert "depends on its values" in next(iter(lipschitz_bounds(Branch(3, 3), torch.ones(1, 3)).refused.values()))
    with pytest.raises(ValueError, match="floating"):
        lipschitz_bounds(nn.Embedding(3, 3), torch.zeros(1, dtype=torch.long))


def test_models_of_the_benchmarks_kind():
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 2),
    ).eval()
    found = lipschitz_bounds(model, torch.randn(2, 1, 6, 6))
    assert found.refused == {} and 0 < found.lower <= found.upper < math.inf
