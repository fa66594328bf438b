"""A pre-activation is a sum over its inputs: it becomes normal as they grow in number, its excess kurtosis like 1/n."""

import torch

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.linalg import gaussian_expectation
from rhobar.probes.estimate import Estimate, mean_of

__all__ = ["EXPERIMENT"]

_KURTOSIS = -1.2
"""Excess kurtosis of a uniform weight."""
_WIDTHS = (1, 2, 4, 8, 16, 32)


def _excess(width: int, setting: Setting) -> Estimate:
    """Return E z⁴/(E z²)² − 3 for z = Σ w_j x_j with uniform weights; E z² = ‖x‖²/3 is known."""
    x = torch.ones(width, dtype=torch.float64)
    if setting.broken:
        x[1:] = 0.01
    draws = setting.size(100_000, 2_000_000)
    w = 2 * torch.rand(draws, width, generator=setting.generator(width), dtype=torch.float64) - 1
    normal = gaussian_expectation(lambda z: z**4)  # 3
    return mean_of((w @ x) ** 4 / (x.square().sum() / 3) ** 2 - normal)


def _run(setting: Setting) -> Result:
    predicted = [_KURTOSIS / n for n in _WIDTHS]
    measured = [_excess(n, setting) for n in _WIDTHS]
    return Result(
        checks=tuple(
            equal(f"excess kurtosis with {n} inputs: κ_w/n", p, m)
            for n, p, m in zip(_WIDTHS, predicted, measured, strict=True)
        ),
        figures=(
            versus(
                "Kurtosis of a pre-activation", "inputs n", "excess kurtosis", _WIDTHS, predicted, measured, log=True
            ),
        ),
        notes=(
            "In general the excess is κ_w Σx⁴/(Σx²)²: it falls only if no input dominates (Lindeberg's condition).",
            "Bounds on the generalisation error rest on concentration inequalities, not on this limit.",
        ),
    )


EXPERIMENT = Experiment(
    name="clt-of-preactivations",
    claim="With independent weights of excess kurtosis κ and inputs of equal size, a pre-activation has the excess "
    "kurtosis κ/n: normal as the number of inputs grows.",
    source="Neal (1996), Bayesian learning for neural networks, section 2.1; cumulants of independent sums add.",
    textbook=("B33",),
    control="one input a hundred times as large as the others",
    run=_run,
    formulas=("rhobar.linalg.gaussian_expectation",),
    findings=("unscaled-inputs",),
)
