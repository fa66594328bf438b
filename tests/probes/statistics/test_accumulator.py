"""One pass in pieces equals everything at once; errors are honest; nothing non-finite is missed."""

import math

import pytest
import torch

from rhobar.probes.statistics import Accumulator
from rhobar.probes.statistics.accumulator import EXPONENTS


def pieces(seed=0):
    g = torch.Generator().manual_seed(seed)
    return [torch.randn(n, 6, 5, generator=g).relu() * n - 0.5 * (n == 3) for n in (4, 1, 3, 20)]


def whole(parts, **kwargs):
    found = Accumulator(**kwargs)
    for part in parts:
        found.add(part, unit_dim=1)
    return found


def test_exact_is_exact():
    parts = pieces()
    parts[0][:, 2] = parts[1][:, 2] = parts[3][:, 2] = 0
    parts[2][:, 2] = 0
    x = torch.cat(parts).double()
    found = whole(parts, max_elements=None).result()
    assert found.mean == pytest.approx(x.mean().item())
    assert found.rms == pytest.approx(x.square().mean().sqrt().item())
    assert (found.smallest, found.largest) == (x.min().item(), x.max().item())
    assert found.zeros == pytest.approx((x == 0).double().mean().item())
    assert found.dead == pytest.approx(1 / 6)
    assert (found.reads_per_unit, found.num_elements, found.num_read) == (28 * 5, x.numel(), x.numel())
    assert found.mean_stderr == found.rms_stderr == found.zeros_stderr == found.nonfinite == 0
    assert found.saturated is None
    for k in range(EXPONENTS[0] + 1, EXPONENTS[1]):
        share = ((x.abs() >= 2.0**k) & (x.abs() < 2.0 ** (k + 1))).double().mean().item()
        assert found.histogram[k - EXPONENTS[0]].item() == pytest.approx(share)
    assert found.histogram.sum().item() + found.zeros == pytest.approx(1)


def test_merging_is_adding():
    parts = pieces()
    one, two = whole(parts[:1], max_elements=40), whole(parts[1:], max_elements=40)
    one.merge(two)
    g = torch.Generator().manual_seed(0)
    a, b = whole(parts[:1], max_elements=40, generator=g), None
    g.manual_seed(0)
    b = whole(parts[1:], max_elements=40, generator=g)
    b.merge(a)
    assert one.result() == b.result()
    exact = whole(parts[:2], max_elements=None)
    exact.merge(whole(parts[2:], max_elements=None))
    assert exact.result().mean == pytest.approx(whole(parts, max_elements=None).result().mean)
    assert exact.result().dead == whole(parts, max_elements=None).result().dead


@pytest.mark.parametrize("correlated", [False, True])
def test_scores_are_standard_normal(correlated):
    """Also where the units at one position are alike, so that elements are not independent."""
    scores = {name: [] for name in ("mean", "rms", "zeros", "saturated")}
    for seed in range(200):
        g = torch.Generator().manual_seed(seed)
        found, truth = Accumulator(max_elements=1600, generator=g), Accumulator(max_elements=None)
        for n in (1600, 600):
            x = torch.randn(n, 1 if correlated else 8, generator=g).expand(-1, 8) + 0.1 * torch.randn(n, 8, generator=g)
            x = (x - 0.3).relu()
            for one in (found, truth):
                one.add(x, unit_dim=1, saturated=lambda y: y > 1)
        found, truth = found.result(), truth.result()
        assert found.num_read <= 3200
        for name in scores:
            scores[name].append((getattr(found, name) - getattr(truth, name)) / getattr(found, name + "_stderr"))
    for values in scores.values():
        z = torch.tensor(values)
        assert abs(z.mean()) < 0.25
        assert 0.85 < z.std() < 1.2


def test_one_bad_element_is_found_however_little_is_read():
    for bad in (math.nan, math.inf, -math.inf):
        x = torch.ones(1000, 10)
        x[501, 3] = bad
        found = Accumulator(max_elements=20)
        found.add(x)
        assert found.result().nonfinite == pytest.approx(1e-4)
        assert found.result().mean == 1
    exact = Accumulator(max_elements=None)
    exact.add(torch.tensor([[1.0, math.nan], [3.0, math.inf]]))
    assert (exact.result().mean, exact.result().nonfinite, exact.result().largest) == (2.0, 0.5, 3.0)
    exact = Accumulator()
    exact.add(torch.full((2, 2), math.nan))
    assert math.isnan(exact.result().mean) and exact.result().nonfinite == 1


def test_large_numbers_are_not_taken_for_infinite():
    found = Accumulator()
    found.add(torch.full((100, 100), 3e38))
    assert found.result().nonfinite == 0
    assert found.result().rms == pytest.approx(3e38, rel=1e-5)


def test_units_that_change_in_number_cannot_be_dead():
    found = Accumulator()
    found.add(torch.zeros(2, 3)), found.add(torch.zeros(2, 4))
    assert found.result().dead is None
    assert Accumulator().result() is None
    with pytest.raises(ValueError, match="max_elements must be at least 2"):
        Accumulator(max_elements=1)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_dtypes(dtype):
    found = Accumulator(max_elements=None)
    found.add(torch.tensor([[1.0, 2.0], [4.0, 0.0]], dtype=dtype))
    assert (found.result().mean, found.result().zeros, found.result().largest) == (1.75, 0.25, 4.0)
