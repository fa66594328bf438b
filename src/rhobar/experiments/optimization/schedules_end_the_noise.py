"""Rate schedules: a constant rate ends in a ball of noise; a rate that falls as 1/t, or to zero, leaves it."""

from collections.abc import Callable

import torch
from torch.optim.lr_scheduler import LambdaLR, LRScheduler
from torch.optim.optimizer import Optimizer

from rhobar.experiments.checks import at_most, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot
from rhobar.train.schedules import Schedule, constant, cosine, stepwise

__all__ = ["EXPERIMENT"]

_RATE, _CURVATURE, _NOISE = 0.2, 1.0, 1.0


def _harmonic() -> Schedule:
    """Return η_t = 1/(λ(t + 1/(λη₀))): 1/t in the end, η₀ at first."""

    def make(optimizer: Optimizer, steps: int, epoch: int) -> LRScheduler:
        return LambdaLR(optimizer, lambda t: 1 / (1 + _RATE * _CURVATURE * t))

    return make


_SCHEDULES: dict[str, Callable[[], Schedule]] = {
    "constant": constant,
    "step": lambda: stepwise(every=1, factor=0.1),
    "cosine": cosine,
    "1/t": _harmonic,
}


def _train(name: str, steps: int, setting: Setting) -> tuple[list[Estimate], list[float]]:
    """Follow θ ← θ − η_t (λθ + ξ) for many runs; return the mean θ² after each step, and what theory says of it."""
    generator = setting.generator()
    theta = torch.nn.Parameter(torch.zeros(setting.size(4000, 100_000), dtype=torch.float64))
    optimizer = torch.optim.SGD([theta], lr=_RATE)
    schedule = _SCHEDULES["constant" if setting.broken else name]()(optimizer, steps, steps // 3)
    found, theory, v = [], [], 0.0
    for t in range(steps):
        rate = _planned(name, t, steps)
        v = (1 - rate * _CURVATURE) ** 2 * v + rate**2 * _NOISE**2
        xi = torch.randn(theta.shape, generator=generator, dtype=torch.float64)
        theta.grad = _CURVATURE * theta.detach() + _NOISE * xi
        optimizer.step()
        schedule.step()
        found.append(mean_of(theta.detach().square()))
        theory.append(v)
    return found, theory


def _planned(name: str, t: int, steps: int) -> float:
    """Return η_t by its equation."""
    if name == "cosine":
        return float(_RATE * (1 + torch.cos(torch.tensor(torch.pi * t / steps, dtype=torch.float64))) / 2)
    if name == "step":
        return _RATE * 0.1 ** (t // (steps // 3))
    return _RATE / (1 + _RATE * _CURVATURE * t) if name == "1/t" else _RATE


def _run(setting: Setting) -> Result:
    steps = 150
    runs = {name: _train(name, steps, setting) for name in _SCHEDULES}
    last = {name: found[-1] for name, (found, _) in runs.items()}
    ball = _RATE * _NOISE**2 / (_CURVATURE * (2 - _RATE * _CURVATURE))
    # v_t of 1/t: with a = 1/(λη₀), the noise of T steps is averaged: σ² T / (λ² (T + a − 1)²) from θ₀ = 0.
    offset = 1 / (_CURVATURE * _RATE)
    harmonic = _NOISE**2 * steps / (_CURVATURE**2 * (steps + offset - 1) ** 2)
    checks = [
        equal("constant η: mean θ² in the end: ησ²/(λ(2 − ηλ)), the noise ball", ball, last["constant"]),
        equal("1/t: mean θ² after T steps: σ²T/(λ(T + a − 1))²", harmonic, last["1/t"]),
        near("1/t: that formula against the recursion of variances", runs["1/t"][1][-1], harmonic, relative=1e-9),
        *(equal(f"{n}: mean θ² by the recursion of variances", runs[n][1][-1], last[n]) for n in ("cosine", "step")),
        at_most("cosine, over the noise ball: below a fifth", 0.2, last["cosine"].value / ball),
    ]
    at = range(0, steps, 5)
    places = tuple(float(t + 1) for t in at)
    curves = []
    for name, (found, theory) in runs.items():
        curves.append(Curve(f"{name}, theory", places, tuple(theory[t] for t in at)))
        curves.append(Curve(name, places, tuple(found[t].value for t in at)))
    return Result(
        checks=tuple(checks),
        figures=(Plot("Distance from the minimum under noise", "step t", "mean θ²", tuple(curves)),),
        notes=("Convergence takes Σ η_t = ∞ and Σ η_t² < ∞: 1/t has both, a constant rate not the second.",),
    )


EXPERIMENT = Experiment(
    name="schedules-end-the-noise",
    claim="On a noisy quadratic a constant η ends at E θ² = ησ²/(λ(2 − ηλ)); η_t ≈ 1/(λt) is at σ²/(λ²t) and falls.",
    source="Robbins and Monro (1951); Bottou, Curtis and Nocedal (2018), section 4.2.",
    textbook=("B18", "B29", "C33", "C-§5.1.2"),
    control="the rate stays constant under every schedule",
    run=_run,
    formulas=("rhobar.train.schedules.cosine", "rhobar.train.schedules.stepwise"),
    findings=("learning-rate-too-high",),
)
