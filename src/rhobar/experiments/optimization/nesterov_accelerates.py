"""Acceleration: the worst convex quadratic costs descent 1/(4ek), Nesterov's method 0.677/k²."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.optim import RULES
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_BESSEL = 0.5818652
"""The largest value of the Bessel function J₁."""


def _worst_gaps(num_steps: int, setting: Setting, *, accelerated: bool) -> Tensor:
    """Return max over λ in (0, 1] of ½ λ θ_k², each λ a problem of its own with θ₀ = 1, for k = 1 … steps."""
    lowest = math.log10(0.01 / num_steps**2)
    lam = torch.logspace(lowest, 0, setting.size(4000, 20_000), dtype=torch.float64)
    rule = RULES["nesterov"]
    theta = torch.ones_like(lam)
    state = rule.start(theta)
    gaps = []
    for k in range(1, num_steps + 1):
        beta = (k - 1) / (k + 2) if accelerated else 0.0
        gradient = lam * rule.point(state, theta, beta=beta)
        state, update = rule.step(state, gradient, lr=1.0, beta=beta)
        theta = theta + update
        gaps.append((lam * theta**2).max() / 2)
    return torch.stack(gaps)


def _run(setting: Setting) -> Result:
    K = setting.size(1000, 3000)
    fast = _worst_gaps(K, setting, accelerated=not setting.broken)
    slow = _worst_gaps(K, setting, accelerated=False)
    k = torch.arange(1, K + 1, dtype=torch.float64)
    theory_slow = 0.5 / (2 * k + 1) * (2 * k / (2 * k + 1)) ** (2 * k)
    theory_fast = 2 * _BESSEL**2 / k**2
    bound = 2 / (k + 1) ** 2
    places = tuple(k.tolist())
    return Result(
        checks=(
            at_most("largest gap over the bound 2L‖θ₀ − θ*‖²/(k + 1)²: at most 1", 1.0, float((fast / bound).max())),
            # To count k a few steps earlier or later makes no difference to the limit: 2/k each.
            near(f"worst gap after {K} steps: 2 max J₁²/k², to order 1/k", float(theory_fast[-1]), float(fast[-1]),
                 relative=10 / K),
            near(f"descent: worst gap after {K} steps: ½ (2k)^(2k)/(2k + 1)^(2k+1)", float(theory_slow[-1]),
                 float(slow[-1]), relative=1e-3),
        ),
        figures=(
            Plot(
                "Worst gap to the least loss over all curvatures up to 1",
                "step k",
                "log₁₀ gap",
                tuple(
                    Curve(name, places, tuple(gap.log10().tolist()))
                    for name, gap in (("descent, theory", theory_slow), ("descent", slow), ("bound", bound),
                                      ("Nesterov, theory", theory_fast), ("Nesterov", fast))
                ),
                log=True,
            ),
        ),
        notes=(
            "No first-order method does better than 3/(32(k + 1)²) on the worst problem: 1/k² is optimal.",
            "Without the look-ahead such momentum has the same limit on quadratics; the proof beyond them needs it.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="nesterov-accelerates",
    claim="On convex 1-smooth losses momentum (k − 1)/(k + 2) leaves a gap of at most 2‖θ₀ − θ*‖²/(k + 1)².",
    source="Nesterov (1983); Su, Boyd and Candès (2016), section 3, for the Bessel function.",
    textbook=("C37", "C38", "B26"),
    control="no momentum",
    run=_run,
    formulas=("rhobar.optim.rules.nesterov.nesterov",),
)
