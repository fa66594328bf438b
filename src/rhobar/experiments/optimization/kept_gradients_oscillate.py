"""Gradients that are never cleared are momentum with β = 1: on a quadratic the weights swing for ever."""

import math

import torch

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.theory.convergence import quadratic_rates

__all__ = ["EXPERIMENT"]

_RATE = 0.1
_CURVATURES = (0.5, 2.0, 10.0, 30.0)
_START = 1.5


def _swing(curvature: float, steps: int) -> list[float]:
    """Return θ_t = θ₀ cos(ω(t + ½))/cos(ω/2) with cos ω = 1 − ηλ/2, of θ_{t+1} = (2 − ηλ)θ_t − θ_{t−1}, θ₋₁ = θ₀."""
    omega = math.acos(1 - _RATE * curvature / 2)
    return [_START * math.cos(omega * (t + 0.5)) / math.cos(omega / 2) for t in range(steps)]


def _descend(curvature: float, steps: int, *, clear: bool) -> list[float]:
    """Run torch's SGD on ½λθ²."""
    theta = torch.tensor([_START], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([theta], lr=_RATE)
    path = []
    for _ in range(steps):
        path.append(theta.item())
        if clear:
            optimizer.zero_grad()
        (0.5 * curvature * theta.square()).sum().backward()
        optimizer.step()
    return path


def _run(setting: Setting) -> Result:
    steps = setting.size(300, 3000)
    checks = []
    for curvature in _CURVATURES:
        path = torch.tensor(_descend(curvature, steps, clear=setting.broken), dtype=torch.float64)
        error = (path - torch.tensor(_swing(curvature, steps), dtype=torch.float64)).abs().max().item()
        x = _RATE * curvature
        square = _START**2 / (2 * (1 - x / 4))
        # The rest of the mean is a sum of cos(ω(2t + 1)), at most 1/sin ω.
        rest = 1 / (steps * math.sin(math.acos(1 - x / 2)))
        checks += [
            near(f"mean of θ² at ηλ = {x:g}: θ₀²/(2(1 − ηλ/4))", square, path.square().mean().item(), relative=rest),
            at_most(f"largest distance of a weight from the predicted one, ηλ = {x:g}", 1e-9, error),
        ]
    heavy = quadratic_rates("heavy-ball", torch.tensor(_CURVATURES), learning_rate=_RATE, momentum=1.0)
    checks.append(near("growth a step of momentum with β = 1, largest: 1", 1.0, heavy.max().item(), relative=1e-9))
    shown = 60
    cleared = _descend(_CURVATURES[1], steps, clear=True)
    return Result(
        checks=tuple(checks),
        figures=(
            versus("Weight without zero_grad, ηλ = 0.2", "step", "θ", range(shown), _swing(_CURVATURES[1], shown),
                   _descend(_CURVATURES[1], shown, clear=setting.broken)),
        ),
        notes=(
            f"With the gradients cleared the same rate ends at |θ| = {abs(cleared[-1]):.1g} where ηλ = 0.2.",
            "Beyond ηλ = 4 the swings grow without bound; descent with cleared gradients is stable below 2.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="kept-gradients-oscillate",
    claim="Without zero_grad, descent on ½λθ² with ηλ < 4 swings with the amplitude θ₀/√(1 − ηλ/4) and never settles.",
    source="Polyak (1964), Some methods of speeding up the convergence of iteration methods, at β = 1.",
    textbook=("B19", "C35"),
    control="the gradients are cleared before each backward pass",
    run=_run,
    formulas=("rhobar.theory.convergence.quadratic_rates",),
    findings=("accumulating-gradients",),
)
