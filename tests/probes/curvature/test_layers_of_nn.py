"""Products with Hessian and Gauss–Newton matrix equal double backward to 1e-10 on every member of `rhobar.nn`'s tables."""

import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from rhobar.nn.activations import ACTIVATIONS
from rhobar.nn.layers import LAYERS
from rhobar.nn.normalization import NORMALIZATIONS
from rhobar.probes.curvature import ParameterSpace, ggn, hessian


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


class Around(nn.Module):
    """The layer on an input that parameters scale and shift, so that derivatives lead through it."""

    def __init__(self, layer, call, shape):
        super().__init__()
        self.layer, self.call = layer, call
        self.scale, self.shift = nn.Parameter(1 + torch.rand(shape)), nn.Parameter(torch.randn(shape))

    def forward(self, x):
        return self.call(self.layer, torch.tanh(x * self.scale) + self.shift)


def between(activation):
    return nn.Sequential(nn.Linear(3, 6), activation, nn.Linear(6, 2))


def normed(norm):
    """On sequences of three channels' widened places; every norm of torch takes them."""
    return nn.Sequential(nn.Conv1d(3, 6, 1), norm, nn.Tanh(), nn.Conv1d(6, 2, 1))


NORMED = {
    "batch": lambda: normed(nn.BatchNorm1d(6)),
    "layer": lambda: normed(nn.LayerNorm(4)),
    "group": lambda: normed(nn.GroupNorm(2, 6)),
    "instance": lambda: normed(nn.InstanceNorm1d(6, affine=True)),
    "rms": lambda: normed(nn.RMSNorm(4)),
}
CASES = {
    **{f"layer: {name}": (lambda row=row: Around(row.make(), row.call, next(iter(row.shapes))[1:]), next(iter(row.shapes))) for name, row in LAYERS.items()},
    **{f"activation: {name}": (lambda row=row: between(row.module()), (4, 3)) for name, row in ACTIVATIONS.items()},
    **{f"norm: {name}": (NORMED[name], (3, 3, 4)) for name in NORMALIZATIONS},
}  # fmt: skip


def loss(output, targets):
    return (output.sin() * targets).mean() + output.square().mean()


@pytest.mark.parametrize("name", CASES)
def test_products_equal_double_backward(name):
    make, shape = CASES[name]
    model, x = make().double(), torch.randn(shape)
    model(x)  # lazy parts
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.3 * torch.randn_like(p))
    y, frozen = torch.randn_like(model(x).detach()), copy.deepcopy(model)
    space = ParameterSpace.of(model)
    theta, v = space.flatten(list(model.parameters())).detach(), torch.randn(space.size)

    def outputs(theta):
        torch.manual_seed(5)
        parts = dict(zip(space.names, space.split(theta), strict=True))
        return functional_call(frozen, (parts, {k: b.clone() for k, b in frozen.named_buffers()}), (x,))

    with sdpa_kernel(SDPBackend.MATH):
        Hv = torch.autograd.functional.vhp(lambda theta: loss(outputs(theta), y), theta, v)[1]
        f, Jv = torch.autograd.functional.jvp(outputs, theta, v)
        MJv = torch.autograd.functional.vhp(lambda f: loss(f, y), f, Jv)[1]
        Gv = torch.autograd.functional.vjp(outputs, theta, MJv)[1]
    for matrix, truth in ((hessian, Hv), (ggn, Gv)):
        torch.manual_seed(5)
        found = matrix(model, loss, [(x, y)]) @ v
        assert (found - truth).abs().max() <= 1e-10 * truth.abs().max()
    assert Hv.abs().max() > 1e-6
