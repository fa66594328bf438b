"""Hoeffding's bound for a finite class: how often it is broken, and how far it is from what happens."""

import math

import torch

from rhobar.experiments.checks import at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import share_of
from rhobar.theory.learning import finite_class_penalty

__all__ = ["EXPERIMENT"]

_N, _DELTA = 128, 0.05
_SIZES = (1, 4, 16, 64, 256)
_COPIES = 4
"""How often each sample stands in the control."""


def _worst_gap(size: int, setting: Setting) -> torch.Tensor:
    """Return max_h (R − R̂) over functions whose errors are fair coins, independent of each other."""
    repetitions = setting.size(1000, 10_000)
    independent = _N // _COPIES if setting.broken else _N
    shape = (repetitions, size)
    coins = torch.full(shape, 0.5, dtype=torch.float64)
    errors = torch.binomial(torch.full(shape, float(independent), dtype=torch.float64), coins, setting.generator(size))
    return (0.5 - errors / independent).amax(1)


def _run(setting: Setting) -> Result:
    bounds = [finite_class_penalty(math.log(size), _N, _DELTA) for size in _SIZES]
    gaps = [_worst_gap(size, setting) for size in _SIZES]
    broken = [share_of(gap > bound) for gap, bound in zip(gaps, bounds, strict=True)]
    quantiles = [gap.quantile(1 - _DELTA).item() for gap in gaps]
    ratios = [bound / quantile for bound, quantile in zip(bounds, quantiles, strict=True)]
    return Result(
        checks=tuple(
            at_most(f"share of training sets with R > R̂ + bound, {size} functions: at most δ", _DELTA, share)
            for size, share in zip(_SIZES, broken, strict=True)
        ),
        figures=(
            versus(
                "Gap that 95 % of the training sets stay below",
                "functions in the class",
                "R − R̂ of the worst function",
                _SIZES,
                bounds,
                quantiles,
                log=True,
            ),
        ),
        notes=(
            f"Tightness, bound over measured quantile: {min(ratios):.2f} to {max(ratios):.2f}. The functions err "
            "independently and with probability ½, the worst case for the union bound and for Hoeffding.",
        ),
    )


EXPERIMENT = Experiment(
    name="hoeffding-bound",
    claim="For independent samples, a loss in [0, 1] and a finite class, R ≤ R̂ + √((ln|H| + ln(1/δ))/(2n)) holds for "
    "all functions at once with probability at least 1 − δ.",
    source="Hoeffding (1963), theorem 1; Shalev-Shwartz and Ben-David (2014), Understanding machine learning, "
    "corollary 4.6.",
    textbook=("B42", "B46", "B67"),
    control=f"samples that are not independent: each stands {_COPIES} times",
    run=_run,
    formulas=("rhobar.theory.learning.finite_class_penalty",),
    findings=("train-validation-overlap",),
)
