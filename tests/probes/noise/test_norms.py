"""Per-sample gradients by structure, against one backward pass a sample."""

import pytest
import torch
import torch.nn.functional as F
from tests.probes.curvature.nets import CROSS, NETS, classes, mlp, net, tokens
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from rhobar.probes.curvature import ParameterSpace
from rhobar.probes.curvature.risk import Risk
from rhobar.probes.noise import gradient_norms
from rhobar.probes.noise.layout import Layout, find_layout
from rhobar.probes.noise.sample_gradients import sample_gradients


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


class TimeFirst(nn.Module):
    """Samples second, so that rows of one sample lie apart."""

    def __init__(self):
        super().__init__()
        self.embed, self.place = nn.Embedding(6, 4, padding_idx=0), nn.Parameter(torch.randn(9, 4))
        self.rnn, self.norm, self.head = nn.GRU(4, 5), nn.LayerNorm(5), nn.Linear(5, 6, bias=False)
        self.shift = nn.Parameter(torch.randn(1, 1, 5))

    def forward(self, x):
        h = self.embed(x.T) + self.place[: x.shape[1], None]
        return self.head((self.norm(self.rnn(h)[0]) + self.shift).mean(0))


class Sliced(nn.Module):
    """Positions cut from a longer table, a factor and a matrix used from the left."""

    def __init__(self):
        super().__init__()
        self.place, self.matrix = nn.Parameter(torch.randn(9, 4)), nn.Parameter(torch.randn(4, 4))
        self.factor, self.single = nn.Parameter(torch.randn(4)), nn.Parameter(torch.randn(1))
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        h = x + self.place[: x.shape[1]]
        h = torch.tanh(h @ self.matrix + (h @ self.matrix[:, :4].T) * self.factor) * self.single
        return self.head(torch.sub(h, self.factor, alpha=2).mean(1))


class Wide(nn.Module):
    """More positions than a matrix has entries: its gradient is cheaper made than avoided."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 2), nn.Linear(2, 3)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x))).mean(1)


MORE = {
    "time first": lambda: (TimeFirst(), CROSS, tokens(6, 4, sizes=(3, 2), each=False)),
    "sliced": lambda: (Sliced(), CROSS, classes(3, 4)),
    "wide": lambda: (Wide(), CROSS, classes(30, 3)),
    "narrow": lambda: (nn.Sequential(nn.Linear(40, 30), nn.ReLU(), nn.Flatten(), nn.Linear(60, 3)), CROSS, classes(2, 40)),
    "functional": lambda: (mlp(), F.cross_entropy, classes(4)),
    "own loss": lambda: (mlp(), lambda f, y: (f - y[:, None]).abs().exp().mean(), classes(4)),
    "depthwise": lambda: (nn.Sequential(nn.Conv2d(4, 8, 3, groups=4, stride=2, padding=1, dilation=2), nn.GELU(), nn.Flatten(), nn.LazyLinear(3)), CROSS, classes(4, 5, 5)),
    "causal language model": lambda: (nn.Sequential(nn.Embedding(6, 4), nn.Linear(4, 6), nn.LayerNorm(6)), lambda f, y: F.cross_entropy(f.flatten(0, 1), y.flatten()), tokens(6, 3)),
}  # fmt: skip
ALL = {**{name: lambda name=name: net(name) for name in NETS if name != "summed"}, **MORE}


def by_hand(model, loss, x, y, i, pick):
    params = list(model.parameters())
    torch.manual_seed(5)
    with sdpa_kernel(SDPBackend.MATH):
        value = loss(pick(model(x), i), y[i : i + 1])
        return torch.autograd.grad(value, params, allow_unused=True, materialize_grads=True)


@pytest.mark.parametrize("name", ALL)
def test_norms_and_dots_are_those_of_single_samples(name):
    model, loss, batches = ALL[name]()
    model(batches[0][0])  # lazy layers
    pick = (lambda o, i: {"logits": o["logits"][i : i + 1]}) if name == "own" else (lambda o, i: o[i : i + 1])
    torch.manual_seed(5)
    v = [torch.randn_like(p) for p in model.parameters()]
    torch.manual_seed(5)
    risk = Risk(model, loss, batches)
    for x, y in batches:
        squares, dots = risk.run(lambda r, b: ((s := sample_gradients(r, b)).squares(), s.dots(v)), (x, y))
        for i in range(len(y)):
            truth = by_hand(model, loss, x, y, i, pick)
            assert torch.allclose(squares[:, i], torch.stack([g.square().sum() for g in truth]), rtol=1e-9, atol=1e-13)
            assert torch.allclose(dots[:, i], torch.stack([(g * w).sum() for g, w in zip(truth, v, strict=True)]), rtol=1e-9, atol=1e-12)  # fmt: skip


SLOW = {
    "batch norm, train": {"stem.weight", "stem.bias", "a.weight", "a.bias", "n1.weight", "n1.bias"},
    "instance norm": {"n1.weight", "n1.bias", "n2.weight", "n2.bias"},
    "batch norm 1d, train": {"0.weight", "0.bias"},
}


@pytest.mark.parametrize("name", ALL)
def test_what_goes_by_structure(name):
    """Everything but what is before train-mode batch norm, and functions of parameters that are not linear."""
    model, loss, batches = ALL[name]()
    model(batches[0][0])
    slow = set(gradient_norms(model, loss, batches).slow)
    if name in ("own", "rnn", "lstm", "gru", "time first"):
        assert len(slow) < len(list(model.parameters()))
    else:
        assert slow == SLOW.get(name, set())


def test_reasons_are_given():
    model, loss, batches = net("batch norm 1d, train")
    slow = gradient_norms(model, loss, batches).slow
    assert slow["0.weight"] == "samples are mixed at or after AddmmBackward0"


@pytest.mark.parametrize("before, after", [(1, 1), (1, 4), (3, 1), (2, 3)])
def test_layouts(before, after):
    layout = Layout(before, 5, after)
    owner = torch.empty(before * 5 * after, dtype=torch.long)
    for a in range(before):
        for i in range(5):
            for b in range(after):
                owner[(a * 5 + i) * after + b] = i
    assert torch.equal(layout.by_sample(owner), torch.arange(5)[:, None].expand(5, before * after))
    two = Layout(before, 2, after).by_sample(torch.arange(before * 2 * after))
    masks = torch.zeros(2, before * 2 * after, dtype=torch.bool)
    masks[0, two[0]] = masks[1, two[1]] = True
    assert find_layout(*masks, 5) == layout
    masks[0] = True
    assert find_layout(*masks, 5) is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_other_dtypes(dtype):
    model, loss, batches = net("layer norm")
    truth = gradient_norms(model, loss, batches).norms
    low = gradient_norms(model.to(dtype), loss, [(x.to(dtype), y) for x, y in batches])
    assert low.slow == {}
    assert torch.allclose(low.norms, truth, rtol=1e-4 if dtype == torch.float32 else 0.1)


def test_only_the_named_parameters_and_nothing_is_left_behind():
    model, loss, batches = net("mlp")
    some = gradient_norms(model, loss, batches, names=["2.weight"])
    assert torch.allclose(some.squares[0], gradient_norms(model, loss, batches).squares[2])
    assert some.names == ("2.weight",)
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert some.squares.shape == (1, ParameterSpace.of(model).size - 43 + sum(len(y) for _, y in batches))


def test_a_loss_that_compares_samples_is_refused():
    model, _, batches = net("mlp")
    with pytest.raises(ValueError, match="mean over its samples"):
        gradient_norms(model, lambda f, y: (f - f.mean(0)).square().mean(), batches)
