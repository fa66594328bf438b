"""Kronecker factors against their definition, the exact Fisher matrix, and their own error bars."""

import pytest
import torch
import torch.nn.functional as F
from tests.probes.curvature.nets import Multihead, Tied, classes, net, tokens
from torch import nn
from torch.autograd.graph import get_gradient_edge

from rhobar.probes.curvature import fisher
from rhobar.probes.kronecker import kronecker_factors


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


class Fixed:
    """A normal distribution of variance ½ whose draw is known: −log p = Σ (f − f_drawn)² along the last axis."""

    def __init__(self, f):
        self.f = f

    def sample(self):
        return self.f.detach() + torch.linspace(-1, 2, self.f[0].numel()).view(self.f[0].shape).sin()

    def log_prob(self, y):
        return -(self.f - y).square().sum(-1)


LAYERS = {
    "linear": (lambda: (nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 2)), (3,)),
    "no bias": (lambda: (nn.Linear(3, 4, bias=False), nn.Tanh(), nn.Linear(4, 2)), (3,)),
    "sequences": (lambda: (nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), (5, 3)),
    "conv": (lambda: (nn.Conv2d(2, 3, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(48, 2)), (2, 4, 4)),
    "conv, strided": (lambda: (nn.Conv2d(2, 3, (3, 2), 2, dilation=(1, 2), bias=False), nn.Flatten(), nn.Linear(27, 2)), (2, 7, 7)),
    "conv1d": (lambda: (nn.Conv1d(2, 3, 3, padding=2, dilation=2), nn.Flatten(), nn.Linear(18, 2)), (2, 6)),
}  # fmt: skip


def patches(layer, x):
    if isinstance(layer, nn.Linear):
        return x.reshape(-1, x.shape[-1])
    if isinstance(layer, nn.Conv1d):
        x = x[:, :, None]
    kernel, stride, padding, dilation = (
        (v if len(v) == 2 else (one, *v))
        for v, one in ((layer.kernel_size, 1), (layer.stride, 1), (layer.padding, 0), (layer.dilation, 1))
    )
    return F.unfold(x, kernel, dilation, padding, stride).transpose(1, 2).flatten(0, 1)


@pytest.mark.parametrize("name", LAYERS)
def test_factors_are_the_second_moments_of_inputs_and_gradients(name):
    make, shape = LAYERS[name]
    model = nn.Sequential(*make())
    batches = [(torch.randn(n, *shape), torch.zeros(n)) for n in (3, 1)]
    found = kronecker_factors(model, nn.HuberLoss(), batches, likelihood=Fixed)
    rows, slopes, n = {}, {}, 0
    for x, _ in batches:
        kept = []
        hooks = [
            layer.register_forward_hook(lambda layer, args, y, name=f"{i}.weight": kept.append((name, layer, args[0].detach().clone(), get_gradient_edge(y))))
            for i, layer in enumerate(model) if hasattr(layer, "weight")
        ]  # fmt: skip
        f = Fixed(model(x.clone()))
        for hook in hooks:
            hook.remove()
        surprise = -f.log_prob(f.sample())
        n += surprise.numel()
        for weight, layer, a, y in kept:
            (delta,) = torch.autograd.grad(surprise.sum(), y, retain_graph=True)
            a = patches(layer, a)
            a = a if layer.bias is None else torch.cat([a, torch.ones(len(a), 1)], 1)
            delta = (
                delta.reshape(-1, delta.shape[-1])
                if isinstance(layer, nn.Linear)
                else delta.flatten(2).transpose(1, 2).flatten(0, 1)
            )
            rows.setdefault(weight, []).append(a)
            slopes.setdefault(weight, []).append(delta)
    assert [layer.weight for layer in found.layers] == list(rows) and not found.missing and found.num_targets == n
    for layer in found.layers:
        a, delta = torch.cat(rows[layer.weight]), torch.cat(slopes[layer.weight])
        torch.testing.assert_close(layer.A, a.T @ a / len(a))
        torch.testing.assert_close(layer.G, delta.T @ delta / n)
        assert layer.trace == pytest.approx((layer.A.trace() * layer.G.trace()).item())


def test_b25_exact_in_deep_linear_networks_and_for_one_sample():
    """On the average over the draws, within its error; a single layer's F is the same for every draw of a normal."""
    for model, x in ((nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)), torch.randn(5, 3)), (nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), torch.randn(1, 3))):  # fmt: skip
        batch = (x, torch.zeros(len(x), 2))
        for layer in kronecker_factors(model, nn.MSELoss(), [batch], num_draws=600).layers:
            exact = fisher(model, nn.MSELoss(), [batch], names=[layer.weight, layer.bias])
            F_ = torch.stack([exact @ e for e in torch.eye(exact.shape[0])])
            ours = torch.stack([layer.operator() @ e for e in torch.eye(exact.shape[0])])
            assert (ours - F_).abs().max() < 0.2 * F_.abs().max()
            assert abs(layer.trace - F_.trace().item()) < 4 * layer.trace_stderr


def test_the_error_of_the_trace():
    """(estimate − truth)/stderr has mean 0 and deviation 1."""
    model, batch = nn.Linear(3, 3), (torch.randn(1, 3), torch.tensor([0]))
    exact = fisher(model, nn.CrossEntropyLoss(), [batch])
    truth = torch.stack([exact @ e for e in torch.eye(12)]).trace().item()
    generator, scores = torch.Generator().manual_seed(0), []
    for _ in range(80):
        (layer,) = kronecker_factors(model, nn.CrossEntropyLoss(), [batch], num_draws=30, generator=generator).layers
        scores.append((layer.trace - truth) / layer.trace_stderr)
    scores = torch.tensor(scores)
    assert abs(scores.mean()) < 0.35 and 0.75 < scores.std() < 1.3


def test_what_has_no_factors_is_named_and_the_rest_measured():
    model, loss, batches = net("attention")
    found = kronecker_factors(model, loss, batches)
    assert [layer.weight for layer in found.layers] == ["qkv.weight", "head.weight"]
    assert set(found.missing) == {"norm.weight", "norm.bias"}
    assert all("NativeLayerNorm" in reason for reason in found.missing.values())
    found = kronecker_factors(Multihead(), nn.CrossEntropyLoss(), tokens(7, 3))
    assert {"head.weight", "layer.linear1.weight", "layer.self_attn.in_proj_weight"} <= {f.weight for f in found.layers}
    assert "Embedding" in found.missing["embed.weight"]
    found = kronecker_factors(Tied(), nn.CrossEntropyLoss(), tokens(6, 3, each=False))
    assert [layer.weight for layer in found.layers] == ["middle.weight"] and list(found.missing) == ["embed.weight"]
    grouped = nn.Sequential(nn.Conv2d(2, 2, 1, groups=2), nn.Flatten(), nn.Linear(8, 3))
    found = kronecker_factors(grouped, nn.CrossEntropyLoss(), classes(2, 2, 2))
    assert "no plain one" in found.missing["0.weight"] and "no plain one" in found.missing["0.bias"]
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    found = kronecker_factors(model, nn.CrossEntropyLoss(), classes(3), names=["0.weight", "1.bias"])
    assert [(f.weight, f.bias) for f in found.layers] == [("0.weight", None)]
    assert found.missing == {"1.bias": "its weight is not measured"}


def test_a_layer_called_twice_counts_all_its_rows():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(2, 2)

        def forward(self, x):
            return self.a(torch.tanh(self.a(x)))

    model, x = Twice(), torch.randn(3, 2)
    (layer,) = kronecker_factors(model, nn.MSELoss(), [(x, x)]).layers
    a = torch.cat([x, torch.tanh(model.a(x)).detach()])
    torch.testing.assert_close(layer.A[:2, :2], a.T @ a / 6)
    assert layer.A[2, 2] == 1


def test_the_network_is_left_as_it_was_and_draws_come_from_the_generator():
    model, loss, batches = net("batch norm, train")
    before, state = {k: v.clone() for k, v in model.state_dict().items()}, torch.get_rng_state()
    one, two = (kronecker_factors(model, loss, batches).layers[0].G for _ in range(2))
    assert torch.equal(one, two)
    other = kronecker_factors(model, loss, batches, generator=torch.Generator().manual_seed(1)).layers[0].G
    assert not torch.equal(one, other)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    with pytest.raises(ValueError, match="at least 1, got 0"):
        kronecker_factors(model, loss, batches, num_draws=0)
    with pytest.raises(ValueError, match="pass likelihood="):
        kronecker_factors(model, nn.HuberLoss(), batches)


class Own(nn.Module):
    """Products written by hand."""

    def __init__(self, call):
        super().__init__()
        self.W, self.b, self.c, self.call = (
            nn.Parameter(torch.randn(3, 3)),
            *(nn.Parameter(torch.randn(3)) for _ in "bc"),
            call,
        )

    def forward(self, x):
        return self.call(self, x)


@pytest.mark.parametrize("call, reason", [
    (lambda m, x: x @ m.W + m.b + m.c, "no linear layer"),
    (lambda m, x: torch.addmm(m.b, x, m.W.t(), alpha=2) + m.c, "it is scaled"),
    (lambda m, x: F.linear(F.linear(x, m.W, m.b), m.W, m.c), "several biases"),
    (lambda m, x: F.linear(x, m.W[:, :2] @ m.W[:2], m.b) + m.c, "a part of it enters"),
])  # fmt: skip
def test_products_that_are_no_plain_layer(call, reason):
    model = Own(call)
    found = kronecker_factors(model, nn.MSELoss(), [(torch.randn(4, 3), torch.zeros(4, 3))])
    assert not found.layers and set(found.missing) == {"W", "b", "c"}
    assert reason in found.missing["W"]
