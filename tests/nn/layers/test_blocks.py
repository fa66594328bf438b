"""Residual, dense and MBConv blocks, stochastic depth."""

import pytest
import torch
from torch import nn

from rhobar.nn.layers import (
    DenseBlock,
    MBConv,
    Residual,
    SqueezeExcite,
    StochasticDepth,
    dense_in_channels,
    residual_backward,
    stochastic_depth,
    survival_rates,
)


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_a_zero_branch_is_the_identity():
    branch = nn.Linear(3, 3).double()
    for p in branch.parameters():
        nn.init.zeros_(p)
    h = random(2, 3)
    assert torch.equal(Residual(branch)(h), h)


def test_a_residual_block_passes_the_gradient_around_the_branch():
    branch = nn.Sequential(nn.Linear(4, 4), nn.Tanh()).double()
    h, delta = random(4).requires_grad_(), random(4, seed=1)
    (found,) = torch.autograd.grad(Residual(branch)(h), h, delta)
    J = torch.func.jacrev(branch)(h).detach()
    torch.testing.assert_close(found, residual_backward(delta, J))
    torch.testing.assert_close(found, (torch.eye(4, dtype=torch.float64) + J).T @ delta)
    for p in branch.parameters():
        nn.init.zeros_(p)  # F' = 0
    (survives,) = torch.autograd.grad(Residual(branch)(h), h, delta)
    assert torch.equal(survives, delta)


def test_unscaled_branches_double_the_variance_with_each_block():
    """Unless they are scaled by 1/√L: then it grows by (1 + 1/L)^L < e over all L blocks."""
    torch.manual_seed(0)
    width, depth = 400, 8

    def growth(scale):
        net = nn.Sequential(*[Residual(nn.Linear(width, width, bias=False), scale=scale) for _ in range(depth)])
        for m in net:
            nn.init.normal_(m.branch.weight, std=width**-0.5)
        x = torch.randn(200, width)
        return (net(x).var() / x.var()).item()

    assert growth(1.0) == pytest.approx(2**depth, rel=0.15)
    assert growth(depth**-0.5) == pytest.approx((1 + 1 / depth) ** depth, rel=0.05)


def test_a_residual_block_does_not_broadcast():
    with pytest.raises(ValueError, match="must agree in shape"):
        Residual(nn.Linear(3, 1))(torch.ones(2, 3))
    assert Residual(nn.Linear(3, 1), nn.Linear(3, 1))(torch.ones(2, 3)).shape == (2, 1)


@pytest.mark.parametrize(("k0", "growth", "num_layers"), [(3, 2, 1), (5, 4, 3), (64, 32, 6)])
def test_input_channels_of_dense_layers(k0, growth, num_layers):
    block = DenseBlock(k0, num_layers, growth)
    convolutions = [layer[2].in_channels for layer in block.layers]
    assert convolutions == [k0 + (layer - 1) * growth for layer in range(1, num_layers + 1)]
    assert block.out_channels == k0 + num_layers * growth == dense_in_channels(k0, growth, num_layers + 1)
    assert block.eval()(torch.ones(1, k0, 3, 2)).shape == (1, block.out_channels, 3, 2)


def test_a_dense_block_keeps_its_input_and_each_output():
    block = DenseBlock(3, 3, 2).eval().double()
    h = random(2, 3, 4, 4)
    out = block(h)
    assert torch.equal(out[:, :3], h)
    for k, layer in enumerate(block.layers):
        torch.testing.assert_close(out[:, 3 + 2 * k : 5 + 2 * k], layer(out[:, : 3 + 2 * k]))


def test_squeeze_and_excitation_scales_whole_channels_by_gates_between_zero_and_one():
    x = random(2, 5, 4, 3).abs() + 1
    gates = SqueezeExcite(5, 2).double()(x) / x
    assert (gates - gates[:, :, :1, :1]).abs().max() < 1e-12
    assert 0 < gates.min() < gates.max() < 1
    assert SqueezeExcite(5, 2, activation=nn.ReLU()).activation.__class__ is nn.ReLU
    with pytest.raises(ValueError, match="at least 1"):
        SqueezeExcite(5, 0)


# EfficientNet-B0's first block of stages 2, 3 and 4 and a repeated one; counts by hand:
# expand c·tc + 2tc, depthwise k²tc + 2tc, gate 2·tc·s + s + tc, project tc·o + 2o with s = max(1, ⌊c/4⌋).
@pytest.mark.parametrize(
    ("c", "o", "k", "stride", "t"), [(32, 16, 3, 1, 1), (16, 24, 3, 2, 6), (24, 40, 5, 2, 6), (40, 40, 5, 1, 6)]
)
def test_mbconv_counts_and_shapes(c, o, k, stride, t):
    block, wide, s = MBConv(c, o, k, stride=stride, expand_ratio=t), t * c, max(1, c // 4)
    expand = c * wide + 2 * wide if t > 1 else 0
    counted = expand + k * k * wide + 2 * wide + 2 * wide * s + s + wide + wide * o + 2 * o
    assert sum(p.numel() for p in block.parameters()) == counted
    assert block.shortcut == (stride == 1 and c == o)
    assert block(torch.randn(2, c, 7, 9)).shape == (2, o, -(-7 // stride), -(-9 // stride))


def test_mbconv_without_a_gate_and_refused_arguments():
    assert not any(isinstance(m, SqueezeExcite) for m in MBConv(4, 4, 3, squeeze_ratio=0.0).modules())
    with pytest.raises(ValueError, match="kernel_size must be odd"):
        MBConv(4, 4, 2)
    with pytest.raises(ValueError, match="must be at least 1"):
        MBConv(4, 4, 3, expand_ratio=0)


def test_mbconv_hands_its_settings_to_every_norm():
    block = MBConv(4, 4, 3, eps=1e-3, momentum=0.01)
    norms = [m for m in block.modules() if isinstance(m, nn.BatchNorm2d)]
    assert [(m.eps, m.momentum) for m in norms] == [(1e-3, 0.01)] * 3
    before_norms = [block.expand[0], block.depthwise[0], block.project[0]]
    assert all(convolution.bias is None for convolution in before_norms)


def test_mbconv_drops_its_branch_but_never_its_input():
    torch.manual_seed(0)
    block = MBConv(4, 4, 3, drop_rate=0.999).train()
    x = torch.randn(16, 4, 5, 5)
    assert (block(x) == x).flatten(1).all(1).float().mean() > 0.9
    assert not torch.equal(block.eval()(x), x)
    narrowing = MBConv(4, 6, 3, drop_rate=0.999).train()
    assert (narrowing(x).flatten(1).abs().amax(1) > 0).all()  # without a shortcut nothing may be dropped


def test_stochastic_depth_drops_whole_samples():
    torch.manual_seed(0)
    y = StochasticDepth(0.5).train()(torch.ones(500, 3, 4))
    assert (y == y[:, :1, :1]).all()
    assert y.unique().tolist() == [0, 2]
    x = torch.ones(4, 2)
    assert StochasticDepth(0.0).train()(x) is x


def test_stochastic_depth_keeps_the_mean_exactly_over_all_masks():
    x, p = random(2, 3), 0.3
    masks = [(a, b) for a in (True, False) for b in (True, False)]
    mean = sum((1 - p) ** sum(m) * p ** (2 - sum(m)) * stochastic_depth(x, torch.tensor(m), p) for m in masks)
    torch.testing.assert_close(mean, x)


def test_a_dropped_branch_that_is_not_finite_is_gone():
    x = torch.tensor([[float("nan")], [1.0]])
    assert stochastic_depth(x, torch.tensor([False, True]), 0.5).flatten().tolist() == [0, 2]


def test_survival_falls_linearly_to_the_last_block():
    rates = survival_rates(54, last=0.5)
    assert rates[-1] == 0.5
    assert sum(rates) == pytest.approx(54 * 3 / 4, rel=0.01)  # the paper's expected depth, 3L/4
    for bad in (0.0, 1.1):
        with pytest.raises(ValueError, match="rate of survival"):
            survival_rates(4, last=bad)
    with pytest.raises(ValueError, match="num_blocks"):
        survival_rates(0, last=0.5)
    for bad in (1.0, -0.1, float("nan")):
        with pytest.raises(ValueError, match="rate of dropping"):
            StochasticDepth(bad)
