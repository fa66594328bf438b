"""The decomposition adds up, is unbiased, and knows its error."""

import math

import pytest
import torch

from rhobar.theory.learning import bias_variance, ensemble_variance


def rand(seed=0):
    return torch.Generator().manual_seed(seed)


def shrunk_mean(S, D, points, seed):
    """A learner with known parts: f̂ = 0.8 f + N(0, 0.3²), y = f + N(0, 0.5²); f = 1 … so bias² = 0.04 f²."""
    f = torch.linspace(-1, 2, points, dtype=torch.float64)
    g = rand(seed)
    P = 0.8 * f + 0.3 * torch.randn(S, points, generator=g, dtype=torch.float64)
    Y = f + 0.5 * torch.randn(D, points, generator=g, dtype=torch.float64) if D > 1 else f[None]
    return P, Y, (0.04 * float(f.square().mean()), 0.09, 0.25 if D > 1 else 0.0)


@pytest.mark.parametrize("S, D", [(8, 6), (20, 1)])
def test_parts_are_unbiased_and_their_errors_honest(S, D):
    """A93: over 150 repetitions (estimate − truth)/stderr has a mean near 0 and a deviation near 1."""
    z, values = [], []
    for seed in range(150):
        P, Y, truth = shrunk_mean(S, D, 25, seed)
        found = bias_variance(P, Y)
        parts = (found.bias_squared, found.variance, found.noise)
        direct = float((P[:, None] - Y[None]).square().mean())
        assert sum(p.value for p in parts) == pytest.approx(found.error.value)
        # the mean over all pairs is the same but for the n − 1 of variances
        assert found.error.value == pytest.approx(direct, rel=1e-9)
        values.append([p.value - t for p, t in zip(parts, truth, strict=True)])
        z.append([(p.value - t) / p.stderr if p.stderr > 0 else 0.0 for p, t in zip(parts, truth, strict=True)])
    z, values = torch.tensor(z), torch.tensor(values)
    assert torch.all(values.mean(0).abs() <= 4 * values.std(0) / 150**0.5 + 1e-12)
    checked = z[:, : 3 if D > 1 else 2]
    assert torch.all(checked.std(0) > 0.72) and torch.all(checked.std(0) < 1.4)


def test_the_trade_off_of_polynomials():
    """A94, A96: with the degree bias falls and variance grows; the error is least where their slopes cancel."""
    x = torch.linspace(-1, 1, 24, dtype=torch.float64)
    f = torch.sin(3 * x)
    curves = []
    for degree in range(1, 12, 2):
        X = torch.stack([x**p for p in range(degree + 1)], 1)
        hat = X @ torch.linalg.pinv(X)
        y = f + 0.5 * torch.randn(60, 24, generator=rand(degree), dtype=torch.float64)
        found = bias_variance(y @ hat.T, f[None])
        assert abs(found.variance.value - 0.25 * (degree + 1) / 24) <= 4.5 * found.variance.stderr  # σ² p/n
        assert (
            abs(found.bias_squared.value - float((hat @ f - f).square().mean()))
            <= 4.5 * found.bias_squared.stderr + 1e-9
        )
        curves.append((found.bias_squared.value, found.variance.value, found.error.value))
    bias, variance, error = zip(*curves, strict=True)
    assert bias[0] > 10 * abs(bias[-1]) and variance[-1] > 3 * variance[0]
    assert 0 < error.index(min(error)) < len(error) - 1


@pytest.mark.parametrize("c", [0.0, 0.4, 1.0])
def test_ensembles_cut_the_variance_that_members_do_not_share(c):
    """B37."""
    shared = torch.randn(40_000, 1, generator=rand(), dtype=torch.float64)
    own = torch.randn(40_000, 5, generator=rand(1), dtype=torch.float64)
    members = 2 * (math.sqrt(c) * shared + math.sqrt(1 - c) * own)
    measured = float(members.mean(1).var())
    assert measured == pytest.approx(ensemble_variance(4.0, c, 5), rel=0.04)


def test_refusals():
    with pytest.raises(ValueError, match="three training sets"):
        bias_variance(torch.ones(2, 3), torch.ones(1, 3))
    with pytest.raises(ValueError, match="got 0"):
        ensemble_variance(1.0, 0.0, 0)
    assert math.isnan(bias_variance(torch.randn(4, 3), torch.randn(2, 3)).noise.stderr)
