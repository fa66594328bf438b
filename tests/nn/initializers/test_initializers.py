"""Laws over the table of initialisers."""

import math

import pytest
import torch
from torch import nn

from rhobar.nn.activations import ACTIVATIONS, backward_gain, forward_gain
from rhobar.nn.initializers import INITIALIZERS, fan_in_and_out, he_, he_variance, lecun_, orthogonal_, xavier_

ROWS = [pytest.param(row, id=name) for name, row in INITIALIZERS.items()]
CASES = [pytest.param(row, d, id=f"{name}-{d}") for name, row in INITIALIZERS.items() for d in row.distributions]
SHAPES = [(300, 200), (120, 400), (60, 20, 5, 5)]


def fill(row, distribution, shape, seed=0, dtype=torch.float64, **options):
    if len(row.distributions) > 1:
        options["distribution"] = distribution
    return row.production(torch.empty(shape, dtype=dtype), generator=torch.Generator().manual_seed(seed), **options)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("row, distribution", CASES)
def test_sampled_variance_is_the_formulas(row, distribution, shape):  # A68, A70, A71
    weight = fill(row, distribution, shape)
    fan_in, fan_out = fan_in_and_out(shape)
    expected = row.variance(fan_in, shape[0] if distribution == "orthogonal" else fan_out)
    error = 4 * math.sqrt(2 / weight.numel())
    assert weight.square().mean().item() == pytest.approx(
        expected, rel=error if distribution != "orthogonal" else 1e-12
    )
    assert abs(weight.mean()) < 4 * math.sqrt(expected / weight.numel())


@pytest.mark.parametrize("row", [r for r in ROWS if "uniform" in r.values[0].distributions])
def test_distributions_have_their_shape(row):
    fan_in, fan_out = fan_in_and_out(SHAPES[0])
    bound = math.sqrt(3 * row.variance(fan_in, fan_out))
    uniform, normal = fill(row, "uniform", SHAPES[0]), fill(row, "normal", SHAPES[0])
    assert 0.999 * bound < uniform.abs().max() <= bound
    assert (normal.pow(4).mean() / normal.square().mean() ** 2).item() == pytest.approx(3, abs=0.1)
    with pytest.raises(ValueError, match="distribution must be 'normal' or 'uniform', got 'cauchy'"):
        fill(row, "cauchy", SHAPES[0])


@pytest.mark.parametrize("row, distribution", CASES)
def test_a_generator_makes_it_repeatable(row, distribution):
    one, same, other = (fill(row, distribution, (6, 5), seed=s) for s in (0, 0, 1))
    assert torch.equal(one, same) and not torch.equal(one, other)


@pytest.mark.parametrize("row", ROWS)
def test_it_suits_what_it_says(row):
    """n Var(W) E[φ(z)²] = 1 at z ~ N(0, 1) for what keeps the signal; within 5 % at small z for tanh."""
    for name in row.suits:
        phi, q = ACTIVATIONS[name].production, 0.01 if name == "tanh" else 1.0
        gain = 200 * row.variance(200, 200) * forward_gain(phi, q) / q
        assert gain == pytest.approx(1, abs=0.07)


def test_every_row_is_complete():
    for name, row in INITIALIZERS.items():
        assert row.name == name and row.equation and row.reference and set(row.suits) <= set(ACTIVATIONS)
        assert row.summary.endswith(".") and len(row.summary) <= 90


# ------------------------------------------------------------------ the textbook's checks


def test_fans():  # A72
    layer = nn.Conv2d(3, 8, 5)
    assert fan_in_and_out(layer.weight.shape) == nn.init._calculate_fan_in_and_fan_out(layer.weight) == (75, 200)
    with pytest.raises(ValueError, match=r"at least two axes .* got the shape \(3,\)"):
        fan_in_and_out((3,))


def test_signal_and_gradient_variances():  # A68, A69
    generator = torch.Generator().manual_seed(0)
    W = 0.03 * torch.randn(500, 300, generator=generator, dtype=torch.float64)
    x, delta = (
        2 * torch.randn(300, 400, generator=generator, dtype=torch.float64),
        torch.randn(500, 400, generator=generator, dtype=torch.float64),
    )
    assert (W @ x).var().item() == pytest.approx(300 * 0.03**2 * 4, rel=0.05)
    assert (W.T @ delta).var().item() == pytest.approx(500 * 0.03**2, rel=0.05)


def test_xavier_is_the_harmonic_mean():  # A70
    n, m = 300, 100
    assert (
        INITIALIZERS["xavier"].variance(n, m)
        == pytest.approx(2 / (n + m))
        == pytest.approx(1 / ((1 / (1 / n) + 1 / (1 / m)) / 2))
    )
    gained = fill(INITIALIZERS["xavier"], "uniform", (100, 300), gain=5 / 3)
    assert gained.abs().max().item() == pytest.approx(5 / 3 * math.sqrt(6 / 400), rel=1e-3)


def test_torchs_default_is_none_of_them():  # A71
    n = 400
    variance = nn.Linear(n, 2000).weight.var().item()
    assert variance == pytest.approx(1 / (3 * n), rel=0.02) == pytest.approx(he_variance(n, math.sqrt(5)), rel=0.02)


@pytest.mark.parametrize("alpha", [0.0, 0.2, 1.0])
def test_he_with_a_slope_undoes_the_loss_of_leaky_relu(alpha):  # A32
    phi = lambda z: nn.functional.leaky_relu(z, alpha)  # noqa: E731
    assert 77 * he_variance(77, alpha) * forward_gain(phi) == pytest.approx(1, rel=1e-12)
    assert 77 * he_variance(77, alpha) * backward_gain(phi) == pytest.approx(1, rel=1e-12)
    weight = he_(torch.empty(400, 500), slope=alpha, generator=torch.Generator().manual_seed(0))
    assert weight.var().item() == pytest.approx(he_variance(500, alpha), rel=0.02)


def test_orthogonal_linear_nets_keep_lengths_at_any_depth():  # A67
    x = v = torch.randn(64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for seed in range(200):
        v = orthogonal_(torch.empty(64, 64, dtype=torch.float64), generator=torch.Generator().manual_seed(seed)) @ v
    assert v.norm().item() == pytest.approx(x.norm().item(), rel=1e-12)
    doubled = orthogonal_(torch.empty(30, 10, dtype=torch.float64), gain=2.0)
    torch.testing.assert_close(doubled.T @ doubled, 4 * torch.eye(10, dtype=torch.float64))


def test_singular_values_of_a_gaussian_matrix_spread():  # A73: from 0 to 2 in the square case, not all 1
    W = lecun_(torch.empty(400, 400, dtype=torch.float64), generator=torch.Generator().manual_seed(0))
    s = torch.linalg.svdvals(W)
    assert s.max().item() == pytest.approx(2, abs=0.05) and s.min() < 0.02
    assert s.square().mean().item() == pytest.approx(1, abs=0.02)
    assert torch.linalg.eigvals(W).abs().max().item() == pytest.approx(1, abs=0.1)
    wide = torch.linalg.svdvals(
        lecun_(torch.empty(100, 400, dtype=torch.float64), generator=torch.Generator().manual_seed(1))
    )
    assert (wide.min().item(), wide.max().item()) == pytest.approx((0.5, 1.5), abs=0.05)


def test_tanh_loses_the_signal_under_xavier_where_it_is_not_small():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(256, 1, generator=generator, dtype=torch.float64)
    for _ in range(50):
        z = xavier_(torch.empty(256, 256, dtype=torch.float64), generator=generator) @ torch.tanh(z)
    assert z.var() < 0.05
