"""Gains under a Gaussian: against closed forms, against sampling, and over the depth of a wide network."""

import math

import pytest
import torch

from rhobar.nn.activations import (
    ACTIVATIONS,
    backward_gain,
    critical_point,
    forward_gain,
    gaussian_expectation,
    signal_point,
    variance_band,
)

POINTWISE = [pytest.param(row, id=name) for name, row in ACTIVATIONS.items() if row.elementwise]


@pytest.mark.parametrize("variance", [0.01, 1.0, 30.0])
def test_moments_of_the_normal(variance):
    for power, moment in ((0, 1), (1, 0), (2, variance), (4, 3 * variance**2), (8, 105 * variance**4)):
        assert gaussian_expectation(lambda z, p=power: z**p, variance) == pytest.approx(moment, rel=1e-12, abs=1e-14)
    assert gaussian_expectation(torch.cos, variance) == pytest.approx(math.exp(-variance / 2), rel=1e-11, abs=1e-14)


def test_a_kink_that_is_named_costs_nothing():
    tail = 0.5 * math.erfc(1 / math.sqrt(2))
    density = math.exp(-0.5) / math.sqrt(2 * math.pi)
    exact = density - tail  # E max(0, u − 1)
    hinge = lambda z: (z - 1).clamp(min=0)  # noqa: E731
    assert gaussian_expectation(hinge, kinks=(1.0,)) == pytest.approx(exact, rel=1e-13)
    shifted = lambda z: (z - 1.1).clamp(min=0)  # noqa: E731
    assert gaussian_expectation(shifted) == pytest.approx(gaussian_expectation(shifted, kinks=(1.1,)), abs=3e-6)
    step = lambda z: (z > 1.1).double()  # noqa: E731
    assert gaussian_expectation(step) == pytest.approx(gaussian_expectation(step, kinks=(1.1,)), abs=2e-3)


@pytest.mark.parametrize("variance", [0.0, -1.0, math.inf, math.nan])
def test_refused_variance(variance):
    with pytest.raises(ValueError, match="positive finite"):
        gaussian_expectation(torch.relu, variance)


@pytest.mark.parametrize("q", [0.3, 1.0, 5.0])
def test_closed_forms(q):
    relu, leaky = ACTIVATIONS["relu"].production, lambda z: torch.nn.functional.leaky_relu(z, 0.2)
    assert forward_gain(relu, q) == pytest.approx(q / 2, rel=1e-12) and backward_gain(relu, q) == pytest.approx(0.5)
    assert forward_gain(leaky, q) == pytest.approx(q * (1 + 0.2**2) / 2, rel=1e-12)
    assert backward_gain(leaky, q) == pytest.approx((1 + 0.2**2) / 2, rel=1e-12)
    assert forward_gain(torch.erf, q) == pytest.approx(2 / math.pi * math.asin(2 * q / (1 + 2 * q)), rel=1e-12)
    assert backward_gain(torch.erf, q) == pytest.approx(4 / math.pi / math.sqrt(1 + 4 * q), rel=1e-12)
    exact = q / 4 + (q / (2 * math.pi)) * (math.asin(q / (1 + q)) + 2 * q / ((1 + q) * math.sqrt(1 + 2 * q)))
    assert forward_gain(ACTIVATIONS["gelu"].production, q) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("row", POINTWISE)
def test_gains_are_sampled_means(row):
    z = 1.5 * torch.randn(400_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for gain, values in ((forward_gain, row.production(z).square()), (backward_gain, row.derivative(z).square())):
        error = values.std() / 400_000**0.5
        assert abs(values.mean() - gain(row.production, 2.25, kinks=row.kinks)) <= 4 * error + 1e-12


@pytest.mark.parametrize("row", POINTWISE)
def test_the_point_returns_its_q_and_its_slopes_are_derivatives(row):
    for point in (signal_point(row.production, 1.3, kinks=row.kinks), critical_point(row.production, kinks=row.kinks)):
        if point is None:
            continue

        def step(q, point=point):
            return point.weight_variance * forward_gain(row.production, q, kinks=row.kinks) + point.bias_variance

        assert step(point.q) == pytest.approx(point.q, rel=1e-8)
        h = 1e-4 * point.q
        assert point.parallel == pytest.approx((step(point.q + h) - step(point.q - h)) / (2 * h), rel=1e-6)
        assert point.perpendicular == pytest.approx(point.weight_variance * backward_gain(row.production, point.q))


@pytest.mark.parametrize("row", POINTWISE)
def test_a_critical_point_keeps_signal_and_gradient(row):
    point = critical_point(row.production, kinks=row.kinks)
    if row.name == "softplus":
        assert point is None
        return
    assert point.perpendicular == pytest.approx(1, rel=1e-12) and point.stable and point.bias_variance >= 0


def test_known_critical_points():  # Roberts, Yaida and Hanin (2022), section 5.3.4; He et al. (2015)
    gelu = critical_point(ACTIVATIONS["gelu"].production)
    assert gelu.q == pytest.approx((3 + math.sqrt(17)) / 2, rel=1e-6)
    assert (gelu.weight_variance, gelu.bias_variance) == pytest.approx((1.98305826, 0.17292239), rel=1e-6)
    silu = critical_point(ACTIVATIONS["silu"].production)
    assert silu.q == pytest.approx(14.32017362, rel=1e-6)
    assert (silu.weight_variance, silu.bias_variance) == pytest.approx((1.98800468, 0.55514317), rel=1e-6)
    assert gelu.parallel == pytest.approx(1, abs=1e-6) and silu.parallel == pytest.approx(1, abs=1e-6)
    relu = critical_point(ACTIVATIONS["relu"].production)
    assert (relu.weight_variance, relu.bias_variance, relu.q) == (pytest.approx(2), 0.0, 1.0)
    leaky = critical_point(lambda z: torch.nn.functional.leaky_relu(z, 0.3))
    assert leaky.weight_variance == pytest.approx(2 / (1 + 0.3**2))  # A32
    selu = signal_point(ACTIVATIONS["selu"].production)
    assert selu.weight_variance == pytest.approx(1, abs=1e-9)


def test_signal_of_gelu_is_unstable_at_one():
    assert not signal_point(ACTIVATIONS["gelu"].production).stable
    assert signal_point(ACTIVATIONS["tanh"].production).stable


def ends(row, point, *, width, depth, networks, generator):
    """Return the variance of the last pre-activations of random networks, each for one input."""
    normal = lambda *shape: torch.randn(*shape, generator=generator)  # noqa: E731
    z = math.sqrt(point.q) * normal(networks, width, 1)
    for _ in range(depth):
        W = normal(networks, width, width) * math.sqrt(point.weight_variance / width)
        z = W @ row.production(z) + normal(networks, width, 1) * math.sqrt(point.bias_variance)
    return z.square().mean((1, 2))


@pytest.mark.parametrize("row", POINTWISE)
def test_the_band_is_as_wide_as_the_measured_spread(row):
    point = critical_point(row.production, kinks=row.kinks) or signal_point(row.production, kinks=row.kinks)
    variances = ends(row, point, width=96, depth=12, networks=64, generator=torch.Generator().manual_seed(3))
    low, high = variance_band(row.production, point, width=96, depth=12, deviations=1.0, kinks=row.kinks)
    score = (variances / point.q).log() / (math.log(high / low) / 2)
    assert 0.7 < score.std() < 1.3
    assert abs(score.median()) < 0.7


def test_measuring_adds_its_own_spread():
    """At depth 0 nothing has walked: n numbers of N(0, q) are measured, whose mean square has the variance 2 q² / n."""
    point = signal_point(torch.relu, 3.0)
    low, high = variance_band(torch.relu, point, width=200, depth=0, deviations=1.0)
    measured = (3.0 * torch.randn(4000, 200, generator=torch.Generator().manual_seed(0)).square()).mean(1)
    assert math.log(high / low) / 2 == pytest.approx((measured / 3.0).std().item(), rel=0.05)


def test_the_band_widens_by_the_square_of_the_slope():
    """At an unstable point (GELU, q = 1) an error of q grows by χ∥ = 1.14 a layer, its variance by the square."""
    phi = ACTIVATIONS["gelu"].production
    point = signal_point(phi)
    variances = ends(
        ACTIVATIONS["gelu"], point, width=200, depth=10, networks=80, generator=torch.Generator().manual_seed(5)
    )
    low, high = variance_band(phi, point, width=200, depth=10, deviations=1.0)
    assert 0.8 < variances.log().std() / (math.log(high / low) / 2) < 1.25
