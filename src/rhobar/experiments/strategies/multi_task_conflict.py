"""Two tasks at once: related ones share samples, opposed ones pull the gradient apart."""

import torch

from rhobar.experiments.checks import at_most, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.generalization.gaussian_regression import draw, least_norm, least_norm_risk
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import mean_of
from rhobar.train.strategies import gradient_conflict

__all__ = ["EXPERIMENT"]

_DIM, _NOISE, _N = 10, 1.0, 20
_ANGLES = (0.0, 0.5, 1.0, 1.6, 2.2, 3.0)


def _change(cosine: float) -> float:
    """Return the first-order change of a task's loss under a step along both unit gradients: −η(1 + cos)."""
    return -(1 + cosine)


def _conflicts() -> tuple[list[float], list[float], list[float]]:
    """Return cosines of the gradients of two losses on one w, their predicted values, and a loss's change a step."""
    cosines, changes = [], []
    for angle in _ANGLES:
        w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
        directions = torch.tensor([[0.0, 1.0], [angle, 1.0]], dtype=torch.float64)
        units = torch.stack([torch.tensor([torch.cos(d[0]), torch.sin(d[0])]) for d in directions]).double()
        losses = [0.5 * (w - unit).square().sum() for unit in units]
        cosines.append(gradient_conflict(losses, [w])[0, 1].item())
        gradient = torch.autograd.grad(losses[0] + losses[1], w)[0]
        rate = 1e-5
        after = 0.5 * (w.detach() - rate * gradient - units[0]).square().sum()
        changes.append(((after - losses[0]) / rate).item())
    return cosines, [float(torch.tensor(a).cos()) for a in _ANGLES], changes


def _run(setting: Setting) -> Result:
    cosines, expected, changes = _conflicts()
    beta = torch.ones(_DIM, dtype=torch.float64) / _DIM**0.5
    repetitions = setting.size(1000, 10_000)
    X, y = draw(repetitions, 2 * _N, beta, _NOISE, setting.generator())
    if setting.broken:
        y[:, _N:] -= 2 * X[:, _N:] @ beta
    joint = (least_norm(X, y) - beta).square().sum(1) + _NOISE**2
    alone = (least_norm(X[:, :_N], y[:, :_N]) - beta).square().sum(1) + _NOISE**2
    gain = mean_of(joint - alone)
    return Result(
        checks=(
            equal("error of one task alone", least_norm_risk(_N, _DIM, 1.0, _NOISE**2), mean_of(alone)),
            equal("error with a second task of the same weights: twice the samples",
                  least_norm_risk(2 * _N, _DIM, 1.0, _NOISE**2), mean_of(joint)),
            at_most("joint less alone, plus 4 errors", 0.0, gain.value + 4 * gain.stderr),
            *(near(f"cosine of the gradients, optima {a} apart: cos {a}", e, c, relative=1e-5)
              for a, e, c in zip(_ANGLES, expected, cosines, strict=True)),
            *(near(f"change of the first loss a step, optima {a} apart: −(1 + cos)", _change(e), s, relative=1e-2)
              for a, e, s in zip(_ANGLES[:-1], expected[:-1], changes[:-1], strict=True)),
        ),
        figures=(
            versus("Gradients of two tasks", "angle between their optima", "change of the first loss/η", _ANGLES,
                   [_change(e) for e in expected], changes),
        ),
        notes=("A negative cosine is a conflict; a task gets worse only if the other's gradient outweighs its own.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="multi-task-conflict",
    claim="Training two regressions with the same weights together has the error of twice the samples; with unit "
    "gradients at an angle θ a joint step changes each loss by −η(1 + cos θ).",
    source="Caruana (1997), Multitask learning, section 3; Yu et al. (2020), Gradient surgery for multi-task learning.",
    textbook=("B73",),
    control="a second task with the opposite weights: negative transfer",
    run=_run,
    formulas=("rhobar.train.strategies.gradient_conflict",),
)
