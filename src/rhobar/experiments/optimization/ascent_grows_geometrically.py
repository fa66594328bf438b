"""With a wrong sign each mode of a quadratic grows by 1 + ηλ a step, and gradients agree: unlike too high a rate."""

import torch

from rhobar.experiments.checks import near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.theory.convergence import quadratic_rates

__all__ = ["EXPERIMENT"]

_RATE = 0.05
_CURVATURES = (0.5, 2.0, 4.0, 50.0)
"""The last is beyond the stability limit 2/η = 40, where descent diverges too."""


def _course(curvature: float, steps: int, *, maximize: bool) -> tuple[list[float], float]:
    """Return the weights, and g_{t+1}·g_t/‖g_t‖² at the end, of torch's SGD on ½λθ²."""
    theta = torch.ones(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([theta], lr=_RATE, maximize=maximize)
    path, slopes = [], []
    for _ in range(steps):
        path.append(theta.item())
        optimizer.zero_grad()
        (0.5 * curvature * theta.square()).sum().backward()
        assert theta.grad is not None
        slopes.append(theta.grad.item())
        optimizer.step()
    return path, slopes[-1] / slopes[-2]


def _run(setting: Setting) -> Result:
    steps = setting.size(60, 200)
    wrong = [_course(c, steps, maximize=not setting.broken) for c in _CURVATURES]
    _, too_high = _course(_CURVATURES[-1], steps, maximize=False)
    shown = range(0, steps, 5)
    # Ascent at η is descent at −η.
    (factor,) = quadratic_rates("gradient-descent", torch.tensor([_CURVATURES[1]]), learning_rate=-_RATE).tolist()
    law = [factor**t for t in shown]
    return Result(
        checks=(
            *(
                near(f"weight after {steps - 1} steps, ηλ = {_RATE * c:g}: (1 + ηλ)^t", (1 + _RATE * c) ** (steps - 1),
                     path[-1], relative=1e-9)
                for c, (path, _) in zip(_CURVATURES, wrong, strict=True)
            ),
            *(
                near(f"g′·g/‖g‖², ηλ = {_RATE * c:g}: 1 + ηλ, above 1", 1 + _RATE * c, ratio, relative=1e-9)
                for c, (_, ratio) in zip(_CURVATURES, wrong, strict=True)
            ),
            near("the same of descent at too high a rate, ηλ = 2.5: 1 − ηλ, below −1", 1 - _RATE * _CURVATURES[-1],
                 too_high, relative=1e-9),
        ),
        figures=(
            versus("Ascent on a quadratic, ηλ = 0.1", "step", "weight", shown, law, [wrong[1][0][t] for t in shown]),
        ),
        notes=("A rising loss alone does not tell the two apart; the sign of g′·g does.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="ascent-grows-geometrically",
    claim="Steps along the gradient of ½λθ² grow by 1 + ηλ, with g′·g/‖g‖² = 1 + ηλ > 1; descent that diverges for its "
    "rate has g′·g/‖g‖² = 1 − ηλ < −1.",
    source="Nesterov (2018), Lectures on convex optimization, section 2.1.5, with the sign of η changed.",
    textbook=("A55", "C32"),
    control="the sign is right: minimised",
    run=_run,
    formulas=("rhobar.theory.convergence.quadratic_rates",),
    findings=("gradient-ascent", "learning-rate-too-high"),
)
