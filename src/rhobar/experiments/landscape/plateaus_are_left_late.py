"""A plateau: under squared error a sigmoid unit that is wrong by m nats waits e^m steps; under cross-entropy m."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.activations import sigmoid, sigmoid_derivative

__all__ = ["EXPERIMENT"]

_RATE = 0.25


def _primitive(z: float) -> float:
    """Return ∫ dz/(σ(1 − σ)²) = e^{2z}/2 + 3eᶻ + 3z − e^{−z}, as 1/(σ(1 − σ)²) = (1 + eᶻ)³/eᶻ."""
    return math.exp(2 * z) / 2 + 3 * math.exp(z) + 3 * z - math.exp(-z)


def _slope(z: Tensor, *, squared: bool) -> Tensor:
    """Return the derivative of (σ(z) − 1)², or of −ln σ(z)."""
    a = sigmoid(z)
    return 2 * (a - 1) * sigmoid_derivative(z) if squared else a - 1


def _steps(wrong: tuple[float, ...], *, squared: bool) -> list[int]:
    """Count the gradient steps from z = −m until z > 0, where the unit answers ½, for each m."""
    z = -torch.tensor(wrong, dtype=torch.float64)
    count = torch.zeros_like(z)
    while bool((z <= 0).any()):
        count += z <= 0
        z = z - _RATE * _slope(z, squared=squared)
    return [int(c) for c in count]


def _law(m: float, *, squared: bool) -> float:
    """Return the time of the flow dz/dt = v(z), and ½ ln v(0)/v(−m), which steps of finite length take more."""
    # 1/(1 − σ) = 1 + eᶻ for the cross-entropy.
    way = (_primitive(0.0) - _primitive(-m)) / 2 if squared else 1 + m - math.exp(-m)
    start, end = (float(_slope(torch.tensor(z, dtype=torch.float64), squared=squared)) for z in (-m, 0.0))
    return way / _RATE + math.log(end / start) / 2


def _run(setting: Setting) -> Result:
    wrong = setting.size((2.0, 4.0, 6.0, 8.0), (2.0, 4.0, 6.0, 8.0, 10.0))
    law = [_law(m, squared=True) for m in wrong]
    seen = [float(n) for n in _steps(wrong, squared=not setting.broken)]
    entropy = _steps(wrong, squared=False)
    start = -torch.tensor(wrong[-1], dtype=torch.float64)
    slope = abs(float(_slope(start, squared=not setting.broken)))
    return Result(
        checks=(
            # Steps are whole, and what is left out of the law is of order η.
            *(
                near(f"wrong by {m:g} nats: steps until ½", p, n, relative=(1 + _RATE) / p)
                for m, p, n in zip(wrong, law, seen, strict=True)
            ),
            near(f"wrong by {wrong[-1]:g} nats: slope, while the loss is 1: 2e^(−m)", 2 * math.exp(-wrong[-1]), slope,
                 relative=4 * math.exp(-wrong[-1])),
            near(f"cross-entropy, wrong by {wrong[-1]:g} nats: steps", _law(wrong[-1], squared=False),
                 float(entropy[-1]), relative=(1 + _RATE) / _law(wrong[-1], squared=False)),
        ),
        figures=(versus("Steps until a sigmoid unit answers ½", "nats m by which it is wrong", "log₁₀ steps", wrong,
                        [math.log10(p) for p in law], [math.log10(n) for n in seen]),),
        notes=(f"Cross-entropy leaves in {', '.join(map(str, entropy))} steps: the slope of the sigmoid drops out.",
               "The plateau is no minimum: the loss is near its largest value there."),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="plateaus-are-left-late",
    claim="Descent on (σ(z) − 1)² from z = −m takes (P(0) − P(−m))/2η steps until ½, with P(z) = e^{2z}/2 + 3eᶻ + 3z − "
    "e^{−z}: of order e^m; on −ln σ(z) it takes (1 + m − e^{−m})/η.",
    source="By integration of dz/dt = 2ησ(1 − σ)²; Glorot and Bengio (2010), section 4.1, on the plateaus.",
    textbook=("B64", "A49", "A20"),
    control="cross-entropy in place of the squared error",
    run=_run,
    formulas=("rhobar.nn.activations.sigmoid", "rhobar.nn.activations.sigmoid_derivative"),
    findings=("saturated-units", "loss-task-mismatch"),
)
