"""AdaDelta needs no rate, but ε sets its start: the first step is √(ε/(1 − β)), then |Δ|² grows by (1 − β)ε."""

import math

import torch

from rhobar.experiments.checks import near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.optim.rules.adadelta import adadelta, adadelta_start
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_BETA = 0.9
_EPS = (1e-8, 1e-6, 1e-4)


def _squares(gradient: float, eps: float, num_steps: int) -> list[float]:
    """Return |Δ_t|² under a constant gradient."""
    state = adadelta_start(torch.zeros(1, dtype=torch.float64))
    g, found = torch.tensor([gradient], dtype=torch.float64), []
    for _ in range(num_steps):
        state, update = adadelta(state, g, beta=_BETA, eps=eps)
        found.append(float(update) ** 2)
    return found


def _run(setting: Setting) -> Result:
    num_steps = setting.size(1000, 10_000)
    checks, curves = [], []
    for eps in _EPS:
        # In the control the gradient is lost in ε: then the rule is gradient descent with a rate of 1.
        small, large = (1e-2 * math.sqrt(eps), 1e-1 * math.sqrt(eps)) if setting.broken else (1.0, 1e3)
        squares, scaled = _squares(small, eps, num_steps), _squares(large, eps, num_steps)
        half = num_steps // 2
        slope = (squares[-1] - squares[half - 1]) / (num_steps - half)
        checks += [
            near(f"ε = {eps:g}: first step √(ε/(1 − β))", math.sqrt(eps / (1 - _BETA)), math.sqrt(squares[0]),
                 relative=5 * eps / (1 - _BETA)),
            near(f"ε = {eps:g}: growth of |Δ|² in a step, (1 − β)ε", (1 - _BETA) * eps, slope,
                 relative=2 * squares[-1] + eps + 1e-6),
            near(f"ε = {eps:g}: a gradient {large / small:g} times as large, the last step", math.sqrt(squares[-1]),
                 math.sqrt(scaled[-1]), relative=2 * eps * num_steps),
        ]  # fmt: skip
        places = tuple(map(float, range(1, num_steps + 1)))
        law = tuple(math.sqrt(eps * (1 / (1 - _BETA) + (1 - _BETA) * (t - 1))) for t in places)
        curves.append(Curve(f"√(ε(1/(1 − β) + (1 − β)(t − 1))), ε = {eps:g}", places, law))
        curves.append(Curve(f"ε = {eps:g}", places, tuple(map(math.sqrt, squares))))
    return Result(
        checks=tuple(checks),
        figures=(Plot("AdaDelta under a constant gradient", "step t", "|Δ|", tuple(curves), log=True),),
        notes=("The way after t steps is about ⅔√((1 − β)ε) t^(3/2): a hundredth of ε takes 4.6 times as long.",),
    )


EXPERIMENT = Experiment(
    name="adadelta-starts-slowly",
    claim="Without a rate AdaDelta starts with a step of √(ε/(1 − β)), whatever the gradient, and ε sets the rest.",
    source="Zeiler (2012), ADADELTA, algorithm 1.",
    textbook=("C43", "C44", "C45", "C46"),
    control="gradients far below √ε, which the rule does not scale",
    run=_run,
    formulas=("rhobar.optim.rules.adadelta.adadelta", "rhobar.optim.rules.adadelta.adadelta_start"),
    findings=("learning-rate-too-low",),
)
