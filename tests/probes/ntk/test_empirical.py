"""The kernel by structure against contracted explicit Jacobians, in float64, with unequal batches."""

import math

import pytest
import torch
from tests.probes.curvature.nets import NETS, classes, net
from tests.probes.noise.test_norms import MORE
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from rhobar.probes.ntk import collecting, contraction, empirical_ntk, stacking


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


class Heads(nn.Module):
    """Outputs that depend on different parameters, and on one of them twice as often."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(4, 5), nn.Linear(5, 5), nn.Linear(5, 2)

    def forward(self, x):
        h = torch.tanh(self.a(x))
        return torch.cat([h[:, :1], self.c(h), self.c(torch.tanh(self.b(self.b(h)))), h.detach()[:, :1]], 1)


MORE = {**MORE, "heads": lambda: (Heads(), None, classes(4))}
ALL = {**{name: lambda name=name: net(name) for name in NETS}, **MORE}


def flat(output, n):
    tensors = (
        [output] if isinstance(output, torch.Tensor) else [v for v in output.values() if isinstance(v, torch.Tensor)]
    )
    return torch.cat([t.reshape(n, -1) for t in tensors], 1)


def jacobian(model, batches):
    """Row by row, by one backward pass each."""
    rows = []
    for x, _ in batches:
        torch.manual_seed(5)
        with sdpa_kernel(SDPBackend.MATH):
            f = flat(model(x), len(x))
        for value in f.flatten():
            g = torch.autograd.grad(
                value, list(model.parameters()), retain_graph=True, allow_unused=True, materialize_grads=True
            )
            rows.append(torch.cat([p.flatten() for p in g]))
    return torch.stack(rows), f.shape[1]


ORDERS = {
    "by places": lambda patch: patch.setattr(contraction, "_SMALL_PRODUCTS", 0.0),
    "by jacobians": lambda patch: patch.setattr(contraction, "_SMALL_PRODUCTS", math.inf),
    "output by output": lambda patch: patch.setattr(collecting, "_AT_ONCE", 0),
    "as places": lambda patch: (
        patch.setattr(contraction, "_SMALL_PRODUCTS", 0.0),
        patch.setattr(stacking, "_full_is_smaller", lambda c: getattr(c, "patches", c) is None),
    ),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "name", ["group norm", "pooling", "multihead", "gru", "sliced", "wide", "time first", "heads", "depthwise"]
)
def test_every_order_of_products_gives_the_same(name, order, monkeypatch):
    model, _, batches = ALL[name]()
    model(batches[0][0])
    truth = empirical_ntk(model, batches).matrix
    ORDERS[order](monkeypatch)
    found = empirical_ntk(model, batches).matrix
    assert (found - truth).abs().max() <= 1e-11 * truth.abs().max()


def test_chosen_outputs_and_parameters():
    model, _, batches = net("mlp")
    J, C = jacobian(model, batches)
    J = J.view(-1, C, J.shape[1])[:, [2, 0]].flatten(0, 1)
    found = empirical_ntk(model, batches, outputs=[2, 0], names=["2.bias", "2.weight"])
    assert torch.allclose(found.matrix, J[:, -18:] @ J[:, -18:].T)
    assert found.names == ("2.bias", "2.weight")
    only = empirical_ntk(model, batches, names=["0.bias"])
    whole, _ = jacobian(model, batches)
    assert torch.allclose(only.matrix, whole[:, 20:25] @ whole[:, 20:25].T)


def test_scaled_terms_of_addmm_are_not_taken_for_biases():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.b = nn.Parameter(torch.randn(4, 3)), nn.Parameter(torch.randn(3))

        def forward(self, x):
            return torch.addmm(self.b, x, self.w, alpha=2, beta=3)

    model, batches = Net(), classes(4)
    J, _ = jacobian(model, batches)
    assert torch.allclose(empirical_ntk(model, batches).matrix, J @ J.T)


def test_what_falls_back_is_named():
    model, _, batches = net("batch norm 1d, train")
    found = empirical_ntk(model, batches[:1])
    assert found.slow["0.weight"] == "samples are mixed at or after AddmmBackward0"
    assert found.num_backward == 3 + 4 * 3
    assert empirical_ntk(net("group norm")[0], net("group norm")[2]).slow == {}


def test_nothing_is_left_behind_and_tensors_will_do():
    model, _, batches = net("batch norm, train")
    before = [b.clone() for b in model.buffers()]
    mode = [m.training for m in model.modules()]
    inputs = [x for x, _ in batches]
    assert torch.equal(empirical_ntk(model, inputs).matrix, empirical_ntk(model, batches).matrix)
    assert all(torch.equal(a, b) for a, b in zip(before, model.buffers(), strict=True))
    assert mode == [m.training for m in model.modules()]
    assert all(p.grad is None and p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_other_dtypes(dtype):
    model, _, batches = net("layer norm")
    truth = empirical_ntk(model, batches).matrix
    low = empirical_ntk(model.to(dtype), [(x.to(dtype), y) for x, y in batches]).matrix
    assert low.dtype == torch.float32
    assert (low - truth).abs().max() <= (1e-5 if dtype == torch.float32 else 0.05) * truth.abs().max()


def test_refusals():
    class Turned(nn.Linear):
        def forward(self, x):
            return super().forward(x).T

    with pytest.raises(ValueError, match="first dimension must be that of the 3 samples"):
        empirical_ntk(Turned(2, 2), [torch.randn(3, 2)])
    with pytest.raises(ValueError, match="at least one batch"):
        empirical_ntk(nn.Linear(2, 2), [])


@pytest.mark.parametrize("name", ALL)
def test_is_the_contraction_of_jacobians(name):
    model, _, batches = ALL[name]()
    model(batches[0][0])
    J, C = jacobian(model, batches)
    truth = J @ J.T
    torch.manual_seed(5)
    found = empirical_ntk(model, batches)
    assert found.blocks.shape[1] == C and not found.blocks.requires_grad
    assert (found.matrix - truth).abs().max() <= 1e-10 * truth.abs().max()
    torch.manual_seed(5)
    traced = empirical_ntk(model, batches, traced=True)
    n = len(J) // C
    summed = truth.view(n, C, n, C).diagonal(dim1=1, dim2=3).sum(-1)
    assert (traced.matrix - summed).abs().max() <= 1e-10 * summed.abs().max()
    assert torch.allclose(found.trace, traced.matrix)
