import math
import statistics

import pytest
import torch

from rhobar.select import bootstrap


def rand(seed):
    return torch.Generator().manual_seed(seed)


def test_the_standard_error_of_a_mean_is_s_over_root_n():
    x = torch.randn(50, generator=rand(0), dtype=torch.float64)
    found = bootstrap(x, torch.mean, num_draws=4000, generator=rand(1))
    assert found.stderr == pytest.approx(float(x.std(correction=0)) / math.sqrt(50), rel=0.05)
    assert found.value == float(x.mean())


@pytest.mark.parametrize("method", ["bca", "percentile"])
@pytest.mark.parametrize(
    ("draw", "statistic", "truth", "n"),
    [
        (torch.randn, torch.mean, 0.0, 40),
        (torch.rand, torch.median, 0.5, 41),
        (torch.rand, lambda x: x.std(), 12**-0.5, 40),
    ],
    ids=["normal-mean", "uniform-median", "uniform-std"],
)
def test_an_interval_covers_the_truth_as_often_as_it_says(method, draw, statistic, truth, n):
    covered = 0
    for seed in range(200):
        x = draw(n, generator=rand(seed), dtype=torch.float64)
        found = bootstrap(x, statistic, confidence=0.9, num_draws=200, method=method, generator=rand(seed + 999))
        covered += found.low <= truth <= found.high
    assert 0.82 <= covered / 200 <= 0.96


def test_bca_errs_evenly_on_both_sides_where_the_percentile_interval_lies_too_low():
    """The mean of exponential draws is skewed: the truth escapes the percentile interval upwards."""
    above, below = {"bca": 0, "percentile": 0}, {"bca": 0, "percentile": 0}
    for seed in range(300):
        x = -torch.rand(15, generator=rand(seed), dtype=torch.float64).log()
        for method in above:
            found = bootstrap(x, torch.mean, confidence=0.9, num_draws=200, method=method, generator=rand(seed))
            above[method] += found.high < 1.0
            below[method] += found.low > 1.0
    assert above["percentile"] > 2 * below["percentile"]
    assert above["bca"] - below["bca"] < 0.6 * (above["percentile"] - below["percentile"])


def test_agrees_with_scipy():
    from scipy import stats

    x = torch.rand(30, generator=rand(5), dtype=torch.float64).square()
    for method, theirs in (("bca", "BCa"), ("percentile", "percentile")):
        ours = bootstrap(x, torch.mean, num_draws=8000, method=method, generator=rand(0))
        other = stats.bootstrap(
            (x.numpy(),), lambda a, axis: a.mean(axis), n_resamples=8000, method=theirs, rng=0
        ).confidence_interval
        assert (ours.low, ours.high) == pytest.approx((other.low, other.high), abs=0.1 * ours.stderr)


def test_bca_is_invariant_to_a_monotone_transformation():
    x = torch.rand(25, generator=rand(1), dtype=torch.float64) + 0.5
    plain = bootstrap(x, torch.mean, num_draws=501, generator=rand(2))
    logged = bootstrap(x, lambda s: s.mean().log(), num_draws=501, generator=rand(2))
    # The accelerations differ slightly, as the jackknife of a logarithm is not the logarithm of the jackknife.
    assert math.exp(logged.low) == pytest.approx(plain.low, abs=0.1 * plain.stderr)
    assert math.exp(logged.high) == pytest.approx(plain.high, abs=0.1 * plain.stderr)


def test_the_generator_alone_decides_and_constants_have_no_error():
    x = torch.ones(10)
    first, again = (bootstrap(x, torch.mean, generator=rand(0)) for _ in range(2))
    assert first == again
    assert (first.low, first.high, first.stderr) == (1.0, 1.0, 0.0)


def test_wider_for_more_confidence():
    x = torch.randn(60, generator=rand(0))
    widths = [(b := bootstrap(x, torch.mean, confidence=c, generator=rand(0))).high - b.low for c in (0.5, 0.9, 0.99)]
    assert widths == sorted(widths)
    assert widths[1] == pytest.approx(2 * 1.645 * statistics.stdev(x.tolist()) / math.sqrt(60), rel=0.15)


@pytest.mark.parametrize("options", [{"confidence": 1.0}, {"num_draws": 3}, {"method": "t"}])
def test_refusals(options):
    with pytest.raises(Exception, match=r"At least 2 samples|method"):
        bootstrap(torch.randn(5), torch.mean, **options)
