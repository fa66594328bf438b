"""AdaGrad's rate falls as η/(|g| √t) while gradients keep their size, and stays where they die away."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import Check, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.optim import RULES
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_SIZES = (0.01, 1.0, 100.0)
_TIMES = (1, 10, 100, 1000)


def _rates(size: float, setting: Setting, *, signs: bool) -> dict[int, Tensor]:
    """Return −Δ/g, the effective rate for η = 1, of gradients ± size or N(0, size²)."""
    rule, generator = RULES["adagrad"], setting.generator(int(math.log10(size)) + 10)
    state = rule.start(torch.zeros(setting.size(500, 10_000), dtype=torch.float64))
    found = {}
    for t in range(1, _TIMES[-1] + 1):
        g = size * torch.randn(state.G.shape, generator=generator, dtype=torch.float64)
        g = size * g.sign() if signs else g
        if setting.broken:
            g = g / t
        state, update = rule.step(state, g, lr=1.0, eps=1e-30)
        if t in _TIMES:
            found[t] = -update / g
    return found


def _run(setting: Setting) -> Result:
    checks: list[Check] = []
    curves: list[Curve] = []
    times = tuple(map(float, _TIMES))
    for size in _SIZES:
        exact = {t: float(r.mean()) for t, r in _rates(size, setting, signs=True).items()}
        checks += [
            near(f"|g| = {size:g}, t = {t}: 1/(|g| √t)", 1 / (size * t**0.5), exact[t], relative=1e-9) for t in _TIMES
        ]
        curves.append(Curve(f"theory, |g| = {size:g}", times, tuple(-math.log10(size * t**0.5) for t in _TIMES)))
        curves.append(Curve(f"|g| = {size:g}", times, tuple(math.log10(exact[t]) for t in _TIMES)))
    # E[1/χ_t] = Γ((t − 1)/2)/(√2 Γ(t/2)), which is 1/√t to order 1/t.
    normal = {t: mean_of(r) for t, r in _rates(1.0, setting, signs=False).items()}
    for t in _TIMES[1:]:
        theory = math.exp(math.lgamma((t - 1) / 2) - math.lgamma(t / 2)) / math.sqrt(2)
        scaled = Estimate(normal[t].value / theory, normal[t].stderr / theory)
        checks.append(equal(f"normal gradients, t = {t}: mean rate over E[1/χ_t]", 1.0, scaled))
    return Result(
        checks=tuple(checks),
        figures=(Plot("AdaGrad's effective rate for η = 1", "step t", "log₁₀ rate", tuple(curves), log=True),),
        notes=(
            "The size of the gradient cancels from the step: it is η/√t for all. RMSprop forgets, and does not slow.",
        ),
    )


EXPERIMENT = Experiment(
    name="adagrad-slows-down",
    claim="Under gradients of constant size AdaGrad's effective rate is η/(|g| √t), and its step η/√t for any size.",
    source="Duchi, Hazan and Singer (2011), Adaptive subgradient methods, section 1.",
    textbook=("C39", "C40"),
    control="the gradients fall as 1/t, so that the sum of their squares, and the rate, stay",
    run=_run,
    formulas=("rhobar.optim.rules.adagrad.adagrad",),
    findings=("learning-rate-too-low",),
)
