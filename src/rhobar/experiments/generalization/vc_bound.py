"""Vapnik's bound for thresholds on the line, which are infinitely many: it holds, and how loose it is."""

import torch

from rhobar.experiments.checks import at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import share_of
from rhobar.theory.learning import vc_penalty

__all__ = ["EXPERIMENT"]

_DELTA = 0.05
_SIZES = (50, 100, 200, 400)


def _worst_gap(n: int, setting: Setting) -> torch.Tensor:
    """Return sup over thresholds of R − R̂ with labels that are coins (R = ½), exactly, by sorting.

    In the control the class is all functions that are constant on 4n bins, whose dimension is 4n.
    """
    repetitions = setting.size(500, 5000)
    generator = setting.generator(n)
    sign = torch.randint(2, (repetitions, n), generator=generator).double() * 2 - 1
    if setting.broken:
        place = torch.randint(4 * n, (repetitions, n), generator=generator)
        sums = torch.zeros(repetitions, 4 * n, dtype=torch.float64).scatter_add_(1, place, sign)
        return sums.abs().sum(1) / (2 * n)
    # Samples in the order of x: the threshold a gets Σ_{x>a} y − Σ_{x≤a} y more right than wrong.
    left = torch.cat([torch.zeros(repetitions, 1, dtype=torch.float64), sign.cumsum(1)], dim=1)
    return (left[:, -1:] - 2 * left).amax(1) / (2 * n)


def _run(setting: Setting) -> Result:
    bounds = [vc_penalty(1, n, _DELTA) for n in _SIZES]
    gaps = [_worst_gap(n, setting) for n in _SIZES]
    shares = [share_of(gap > bound) for gap, bound in zip(gaps, bounds, strict=True)]
    quantiles = [gap.quantile(1 - _DELTA).item() for gap in gaps]
    ratios = [bound / quantile for bound, quantile in zip(bounds, quantiles, strict=True)]
    return Result(
        checks=(
            *(
                at_most(f"share of training sets with R > R̂ + bound, n = {n}: at most δ", _DELTA, share)
                for n, share in zip(_SIZES, shares, strict=True)
            ),
            at_most("measured 95 % quantile over the bound, largest", 1.0, max(1 / r for r in ratios)),
        ),
        figures=(
            versus(
                "Gap that 95 % of the training sets stay below", "samples n", "R − R̂ of the worst threshold",
                _SIZES, bounds, quantiles, log=True,
            ),
        ),
        notes=(f"Tightness, bound over measured quantile: {min(ratios):.1f} to {max(ratios):.1f}.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="vc-bound",
    claim="For a class of VC dimension d and independent samples, R ≤ R̂ + √((d(ln(2n/d) + 1) + ln(4/δ))/n) + 1/n holds "
    "for all its functions with probability at least 1 − δ.",
    source="Vapnik (1998), Statistical learning theory, section 4.2.",
    textbook=("B45", "B46", "B67"),
    control="a class of dimension 4n where the bound is told d = 1",
    run=_run,
    formulas=("rhobar.theory.learning.vc_penalty",),
    findings=("overfitting",),
)
