"""`critical_`: what it reads from a model, and that the signal keeps its variance over fifty layers."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from rhobar.nn.activations import ACTIVATIONS, critical_point, signal_point, variance_band
from rhobar.nn.initializers import critical_, he_variance, order_linear_maps, trace_linear_maps

POINTWISE = [pytest.param(row, id=name) for name, row in ACTIVATIONS.items() if row.elementwise]
WIDTH, DEPTH = 128, 50


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def deep(row, bias=True):
    layers = []
    for _ in range(DEPTH):
        layers += [nn.Linear(WIDTH, WIDTH, bias=bias), row.module()]
    return nn.Sequential(*layers).double()


def preactivations(net, x):
    """Yield the outputs of the linear layers, in order."""
    for module in net:
        x = module(x)
        if isinstance(module, nn.Linear):
            yield x


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
@pytest.mark.parametrize("row", POINTWISE)
def test_variance_stays_within_the_band_over_fifty_layers(row, distribution):
    net, x = deep(row), 3 * torch.randn(1, WIDTH, generator=rng(1), dtype=torch.float64)
    done = critical_(net, x, distribution=distribution, generator=rng(2))
    assert done.order == "traced" and done.left == () and len(done.weights) == DEPTH
    point = done.weights[0].point
    for depth, z in enumerate(preactivations(net, x)):
        low, high = variance_band(row.production, point, width=WIDTH, depth=depth)
        assert low < z.square().mean() < high, f"layer {depth}"


@pytest.mark.parametrize("row", [r for r in POINTWISE if r.id != "softplus"])
def test_gradients_are_kept_over_fifty_layers(row):
    ratios = []
    for seed in range(3):
        net, x = deep(row), torch.randn(1, WIDTH, generator=rng(seed), dtype=torch.float64)
        critical_(net, x, generator=rng(seed + 10))
        first, *_, last = preactivations(net, x)
        cotangent = torch.randn(last.shape, generator=rng(seed + 20), dtype=torch.float64)
        (gradient,) = torch.autograd.grad(last, first, cotangent)
        ratios.append((gradient.square().sum() / cotangent.square().sum()).item())
    assert torch.tensor(ratios).log().mean().abs() / DEPTH < 0.08  # a layer; signal alone: 0.16 for tanh at q = 1


def test_other_schemes_leave_the_band():
    """The band can be missed: torch's default start loses the signal of a deep ReLU net."""
    row = ACTIVATIONS["relu"]
    *_, last = preactivations(deep(row), torch.randn(1, WIDTH, generator=rng(), dtype=torch.float64))
    assert last.var() < variance_band(row.production, signal_point(row.production), width=WIDTH, depth=DEPTH)[0]


def test_without_bias_the_signal_is_kept():
    row = ACTIVATIONS["tanh"]
    net, x = deep(row, bias=False), torch.randn(1, WIDTH, generator=rng(), dtype=torch.float64)
    point = critical_(net, x, generator=rng(1)).weights[3].point
    assert point.bias_variance == 0 and point.perpendicular > 1
    *_, last = preactivations(net, x)
    low, high = variance_band(torch.tanh, point, width=WIDTH, depth=DEPTH - 1)
    assert low < last.square().mean() < high


def test_relu_nets_get_he():  # A71
    net = nn.Sequential(nn.Linear(5, 40), nn.ReLU(), nn.Linear(40, 30), nn.ReLU(), nn.Linear(30, 2))
    done = critical_(net, torch.ones(1, 5))
    for weight in done.weights[1:]:
        assert weight.weight_variance == pytest.approx(he_variance(weight.fan_in)) and weight.bias_variance == 0
    assert done.weights[0].weight_variance == pytest.approx(1 / 5)
    assert (net[0].bias == 0).all() and (net[4].bias == 0).all()


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_what_is_drawn_has_the_variance_that_is_reported(distribution):
    net = nn.Sequential(nn.Linear(300, 400), nn.GELU(), nn.Linear(400, 300), nn.Tanh())
    for done in critical_(net, distribution=distribution, generator=rng()).weights:
        weight, bias = net.get_parameter(done.weight), net.get_parameter(done.bias)
        assert weight.var().item() == pytest.approx(done.weight_variance, rel=0.02)
        assert bias.var().item() == pytest.approx(done.bias_variance, rel=0.3)
        if distribution == "uniform":
            assert weight.abs().max().item() <= math.sqrt(3 * done.weight_variance) * (1 + 1e-6)


# ------------------------------------------------------------------ what is read from a model


class Written(nn.Module):
    """Everything by hand: a SiLU of two operations, a bare weight matrix, a gated unit and a residual sum."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 12)
        self.matrix = nn.Parameter(torch.randn(10, 12))
        self.offset = nn.Parameter(torch.randn(10))
        self.norm = nn.LayerNorm(10)
        self.gate, self.value = nn.Linear(10, 7), nn.Linear(10, 7, bias=False)
        self.last = nn.Linear(7, 10)

    def forward(self, x):
        z = self.first(x)
        z = (z * torch.sigmoid(z)) @ self.matrix.T + self.offset
        h = self.norm(F.leaky_relu(z, 0.2, inplace=True))
        return h + self.last(torch.tanh(self.gate(h)) * self.value(h))


def test_reads_what_is_written_by_hand():
    maps = {m.weight: m for m in trace_linear_maps(Written(), torch.randn(4, 3, 6))}
    assert {n: (m.bias, m.fan_in, m.follows) for n, m in maps.items()} == {
        "first.weight": ("first.bias", 6, "mul(z, sigmoid(z))"),
        "matrix": ("offset", 12, "leaky_relu(z, 0.2)"),
        "gate.weight": ("gate.bias", 10, "tanh(z)"),
        "value.weight": (None, 10, "z"),
        "last.weight": ("last.bias", 7, "z"),
    }
    z = torch.linspace(-3, 3, 13, dtype=torch.float64)
    torch.testing.assert_close(maps["first.weight"].activation.phi(z), F.silu(z))
    torch.testing.assert_close(maps["matrix"].activation.phi(z), F.leaky_relu(z, 0.2))
    assert maps["last.weight"].fed_by is None and maps["gate.weight"].fed_by.source is None


def test_says_what_it_left():
    model = Written()
    before = model.last.weight.clone()
    done = critical_(model, torch.randn(4, 3, 6))
    assert [w.weight for w in done.weights] == ["first.weight", "matrix", "gate.weight", "value.weight"]
    assert done.left == (("last.weight", "its input is no activation of one linear map, nor normalised"),)
    assert torch.equal(model.last.weight, before)
    assert [name for name, why in critical_(nn.LSTM(3, 4), torch.randn(2, 1, 3)).left if "could be seen" in why] == [
        "weight_ih_l0",
        "weight_hh_l0",
    ]


@pytest.mark.parametrize("row", [r for r in POINTWISE if r.id != "identity"])
def test_every_activation_is_recognised_traced_and_by_order(row):
    net = nn.Sequential(nn.Linear(4, 5), row.module(), nn.Dropout(0.5), nn.Linear(5, 3)).double()
    z = torch.linspace(-3, 3, 13, dtype=torch.float64)
    for maps in (trace_linear_maps(net, torch.ones(2, 4, dtype=torch.float64)), order_linear_maps(net)):
        torch.testing.assert_close(maps[0].activation.phi(z), row.production(z))
        assert maps[1].fed_by.source == 0
    one = critical_(net, torch.ones(2, 4, dtype=torch.float64), generator=rng())
    weights = [p.clone() for p in net.parameters()]
    two = critical_(net, generator=rng())
    assert two.order == "modules" and two.weights == one.weights
    assert all(torch.equal(a, b) for a, b in zip(weights, net.parameters(), strict=True))


def test_module_order_of_a_convolutional_net_and_its_trace():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 6, 3, bias=False),
        nn.PReLU(6),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 4, 3, groups=2),
        nn.Hardtanh(),
        nn.Flatten(),
        nn.Linear(16, 3),
    )
    traced, ordered = critical_(net, torch.randn(2, 3, 12, 12)), critical_(net)
    assert [w.fan_in for w in traced.weights] == [27, 72, 16] and traced.weights[1:] == ordered.weights[1:]
    assert [(w.fed_by, w.follows) for w in traced.weights] == [
        ("input", "norm"),
        ("relu(z)", "prelu_kernel(z, 0.25)"),
        ("hardtanh(z, -1, 1)", "z"),
    ]
    assert [name for name, _ in traced.left] == [name for name, _ in ordered.left] == ["6.weight"]


@pytest.mark.parametrize(
    "layer, shape",
    [
        (nn.Conv2d(6, 8, 3, groups=2), (4, 6, 40, 40)),
        (nn.ConvTranspose2d(8, 6, 4, stride=2), (4, 8, 40, 40)),
        (nn.Conv1d(3, 40, 9, stride=3), (2, 3, 3000)),
        (nn.ConvTranspose1d(30, 4, 6, stride=3, groups=2), (9, 30, 900)),
        (nn.Linear(50, 300), (300, 50)),
        (nn.Linear(50, 3000), (50,)),
    ],
)
def test_fan_in_gives_unit_variance(layer, shape):
    x = 5 * torch.randn(shape, generator=rng())
    variances = []
    for seed in range(10):
        (done,) = critical_(layer, x, generator=rng(seed)).weights
        variances.append(layer(x).var().item())
    assert sum(variances) / 10 == pytest.approx(1, abs=0.15)
    (ordered,) = critical_(layer).weights
    assert ordered.fan_in == done.fan_in


def test_transformer_layer():
    net = nn.TransformerEncoderLayer(16, 2, 32, activation="gelu", norm_first=True, batch_first=True)
    done = critical_(net, torch.randn(2, 5, 16))
    q = critical_point(F.gelu).q
    assert {w.weight: (w.fed_by, w.follows, round(w.point.q, 6)) for w in done.weights} == {
        "self_attn.in_proj_weight": ("norm", "z", 1.0),
        "linear1.weight": ("norm", "gelu(z)", round(q, 6)),
        "linear2.weight": ("gelu(z)", "z", 1.0),
    }
    assert [name for name, _ in done.left] == ["self_attn.out_proj.weight"]


def test_embedded_inputs_are_measured_and_autocast_is_seen_through():
    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.out = nn.Embedding(10, 8), nn.Linear(8, 4)

        def forward(self, tokens):
            return self.out(self.table(tokens) + 1)

    model, tokens = Words(), torch.arange(10)
    (m,) = trace_linear_maps(model, tokens)
    assert m.moment == pytest.approx((model.table.weight + 1).square().mean().item(), rel=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        (m,) = trace_linear_maps(model, tokens)
    assert m.weight == "out.weight" and m.fan_in == 8


def test_a_shared_weight_is_set_once():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x):
            return self.layer(torch.relu(self.layer(x)))

    model = Twice()
    done = critical_(model, torch.ones(3, 4))
    assert [w.weight for w in done.weights] == ["layer.weight"] and done.left == ()


def test_nothing_but_weights_changes():
    net = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(), nn.Linear(6, 2))
    net[3].eval()
    buffers, state = {n: b.clone() for n, b in net.named_buffers()}, torch.get_rng_state()
    critical_(net, torch.randn(5, 4, generator=rng()), generator=rng())
    assert all(torch.equal(b, buffers[n]) for n, b in net.named_buffers())
    assert torch.equal(state, torch.get_rng_state())
    assert [m.training for m in net] == [True, True, True, False, True] and net.training
    assert all(p.grad is None and p.requires_grad for p in net.parameters())
    with pytest.raises(RuntimeError):
        critical_(net, torch.randn(5, 3))
    assert net.training


@pytest.mark.parametrize("value", [0.0, math.inf, math.nan])
def test_an_input_of_no_size_is_left_with_the_reason(value):
    layer = nn.Linear(3, 2)
    before = layer.weight.clone()
    done = critical_(layer, torch.full((4, 3), value))
    assert done.weights == () and torch.equal(layer.weight, before)
    ((name, why),) = done.left
    assert name == "weight" and why.endswith("hand in a typical batch")


def test_a_cell_in_a_loop_may_start_from_zero():
    class Cell(nn.Module):
        def __init__(self):
            super().__init__()
            self.x, self.h, self.out = nn.Linear(3, 8), nn.Linear(8, 8), nn.Linear(8, 2)

        def forward(self, sequence):
            h = torch.zeros(len(sequence), 8)
            for x in sequence.unbind(1):
                h = torch.tanh(self.x(x) + self.h(h))
            return self.out(h)

    done = critical_(Cell(), torch.randn(4, 5, 3))
    assert [w.weight for w in done.weights] == ["x.weight"] and [name for name, _ in done.left] == [
        "h.weight",
        "out.weight",
    ]


def test_what_is_written_into_a_buffer_is_not_taken_for_data():
    class Padded(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(4, 6), nn.Linear(8, 2)

        def forward(self, x):
            buffer = x.new_ones(len(x), 8)
            buffer[:, :6] = torch.relu(self.first(x))
            return self.last(buffer)

    done = critical_(Padded(), torch.randn(5, 4))
    assert [(w.weight, w.follows) for w in done.weights] == [("first.weight", "relu(z)")]
    assert [name for name, _ in done.left] == ["last.weight"]
