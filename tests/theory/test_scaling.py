"""Scaling laws: fits recover what made the data, intervals cover it as often as they say."""

import math

import pytest
import torch
from scipy import stats

from rhobar.theory import scaling as T


def rand(seed=0):
    return torch.Generator().manual_seed(seed)


SIZES = 10.0 ** torch.linspace(3, 7, 9, dtype=torch.float64)


@pytest.mark.parametrize("freedom", [1, 2, 3, 6, 25])
def test_quantiles_of_student(freedom):
    for p in (0.6, 0.975, 0.999):
        assert T.student_quantile(p, freedom) == pytest.approx(stats.t.ppf(p, freedom), rel=1e-7)
    assert T.normal_quantile(0.9) == pytest.approx(stats.norm.ppf(0.9))


@pytest.mark.parametrize("E, A, alpha", [(1.7, 400.0, 0.34), (0.0, 5.0, 0.07), (0.2, 1e6, 2.0)])
def test_exact_data_give_back_the_law(E, A, alpha):
    """B76."""
    law = T.fit_scaling_law(SIZES, E + A * SIZES**-alpha)
    assert law.exponent.value == pytest.approx(alpha, rel=1e-5) and law.amplitude == pytest.approx(A, rel=1e-4)
    assert law.limit.value == pytest.approx(E, abs=1e-4) and law(1e9) == pytest.approx(E + A * 1e9**-alpha, rel=1e-3)


SLOW = [pytest.param(known, 200, marks=pytest.mark.slow) for known in (False, True)]


@pytest.mark.parametrize("known, runs", [(False, 15), (True, 15), *SLOW])
def test_intervals_cover(known, runs):
    """B76: 90 % intervals of α, E and a prediction a hundredfold beyond the data."""
    truth = lambda N: 1.7 + 40 * N**-0.34  # noqa: E731
    covered = torch.zeros(3)
    for seed in range(runs):
        noise = 1 + 0.01 * torch.randn(9, generator=rand(seed), dtype=torch.float64)
        losses = truth(SIZES) * noise
        given = {"stderr": 0.01 * truth(SIZES)} if known else {}
        law = T.fit_scaling_law(SIZES, losses, confidence=0.9, **given)
        far = T.extrapolated_loss(SIZES, losses, 1e9, confidence=0.9, **given)
        for k, (interval, value) in enumerate([(law.exponent, 0.34), (law.limit, 1.7), (far, truth(1e9))]):
            assert interval.low <= interval.value <= interval.high
            covered[k] += interval.low <= value <= interval.high
    reach = 3.5 * math.sqrt(0.9 * 0.1 / runs)
    assert torch.all((covered / runs - 0.9).abs() <= reach)


def test_with_few_points_the_interval_is_the_likelihood_region_of_f():
    """B76: at an end of the interval the best residual sum is S (1 + t²/(n − 3)), S the least of all."""
    losses = (1.7 + 40 * SIZES**-0.34) * (1 + 0.01 * torch.randn(9, generator=rand(2), dtype=torch.float64))
    law = T.fit_scaling_law(SIZES, losses, confidence=0.9)

    def squares(alpha):
        design = torch.stack([torch.ones_like(SIZES), SIZES**-alpha], 1) / losses[:, None]
        fitted = design @ torch.linalg.lstsq(design, torch.ones(9, 1).double()).solution
        return float((1 - fitted).square().sum())

    rise = 1 + T.student_quantile(0.95, 6) ** 2 / 6
    for end in (law.exponent.low, law.exponent.high):
        assert squares(end) / squares(law.exponent.value) == pytest.approx(rise, rel=0.02)


def test_known_errors_scale_the_intervals_and_the_residual():
    losses = (1.7 + 40 * SIZES**-0.34) * (1 + 0.003 * torch.randn(9, generator=rand(1), dtype=torch.float64))
    narrow, wide = (T.fit_scaling_law(SIZES, losses, stderr=s * losses) for s in (0.003, 0.006))
    ratio = (wide.exponent.high - wide.exponent.low) / (narrow.exponent.high - narrow.exponent.low)
    assert ratio == pytest.approx(2, rel=0.1)
    assert narrow.residual == pytest.approx(2 * wide.residual)


def test_a_pure_power_law_is_compatible_with_a_limit_of_zero():
    """Half of the draws would have a negative limit, if that were allowed; those are fitted by a pure power."""
    laws = []
    for seed in range(6):
        noise = 1 + 0.01 * torch.randn(9, generator=rand(seed), dtype=torch.float64)
        laws.append(T.fit_scaling_law(SIZES, 5 * SIZES**-0.1 * noise))
    assert all(law.limit.low == 0 <= law.limit.value for law in laws)
    pure = [law for law in laws if law.limit.value == 0]
    assert pure
    for law in pure:
        assert law.exponent.value == pytest.approx(0.1, abs=0.005) and law(1e5) == pytest.approx(
            5 * 1e5**-0.1, rel=0.02
        )


def test_the_compute_optimal_split_is_the_least_on_its_isoflop():
    A, a, B, b, C = 406.4, 0.34, 410.7, 0.28, 5.76e23  # Hoffmann et al., section D.3
    N, D = T.compute_optimal((A, a), (B, b), C)
    assert pytest.approx(C) == 6 * N * D
    loss = lambda n: A * n**-a + B * (C / 6 / n) ** -b  # noqa: E731
    assert loss(N) <= min(loss(N * 1.01), loss(N / 1.01))
    assert math.log(T.compute_optimal((A, a), (B, b), 10 * C)[0] / N, 10) == pytest.approx(b / (a + b))


def test_refusals():
    with pytest.raises(ValueError, match="four different sizes"):
        T.fit_scaling_law(SIZES[:3], torch.ones(3))
    with pytest.raises(ValueError, match="freedom"):
        T.student_quantile(0.9, 0)
    with pytest.raises(ValueError, match="compute must be positive"):
        T.compute_optimal((1.0, 1.0), (1.0, 1.0), -1.0)
