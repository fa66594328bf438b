"""Gradient descent on the logistic loss of separable data grows like ŵ ln t along the maximum-margin separator."""

import math

import torch

from rhobar.experiments.checks import at_least, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.neurons import novikoff_bound
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]


def _data(setting: Setting) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw two classes with two support vectors, the others thrice as far off; with noisy labels in the control."""
    generator = setting.generator()
    normal, tangent = torch.tensor([[0.6, 0.8], [-0.8, 0.6]], dtype=torch.float64)
    y = torch.rand(20, generator=generator).sub(0.5).sign().double()
    along, across = torch.rand(2, 20, generator=generator, dtype=torch.float64)
    along, across = 1.5 + along, 3 * across - 1.5
    along[:2], across[:2] = 0.5, torch.tensor([0.7, -0.9])
    x = y[:, None] * (along[:, None] * normal + across[:, None] * tangent)
    if setting.broken:
        y[::5] = -y[::5]
    return x, y


def _path(x: torch.Tensor, y: torch.Tensor, times: list[int]) -> list[torch.Tensor]:
    """Follow gradient descent on the mean logistic loss, at a rate of 1/L."""
    rate = 4 * len(x) / torch.linalg.matrix_norm(x, 2).item() ** 2
    yx = y[:, None] * x
    w = torch.zeros(2, dtype=torch.float64)
    kept = []
    for t in range(times[-1] + 1):
        if t in times:
            kept.append(w.clone())
        w = w + rate * torch.sigmoid(-(yx @ w)) @ yx / len(x)
    return kept


def _run(setting: Setting) -> Result:
    x, y = _data(setting)
    clean = _data(Setting(seed=setting.seed))
    best = novikoff_bound(*clean, bias=False)
    margin, direction = best.margin, best.weight / best.weight.norm()
    steps = setting.size(20_000, 1_000_000)
    times = [1, 10, 100, 1000, steps // 4, steps]
    path = _path(x, y, times)
    growth = (path[-1] - path[-2]) / math.log(times[-1] / times[-2])
    predicted = 1 / margin
    cosines = tuple((w @ direction / w.norm()).item() for w in path)
    norms = tuple(w.norm().item() for w in path)
    return Result(
        checks=(
            near(
                "growth of w per unit of ln t, along the best separator: 1/margin",
                predicted,
                (growth @ direction).item(),
                relative=0.05,
            ),
            at_least(
                "cosine of that growth with the best separator", 0.99, (growth @ direction / growth.norm()).item()
            ),
            at_least(
                "margin of the last iterate over the greatest one",
                0.9,
                ((y * (x @ path[-1])).min() / path[-1].norm()).item() / margin,
            ),
        ),
        figures=(
            Plot(
                "Growth of the weights",
                "step",
                "‖w‖",
                (
                    Curve("measured", tuple(map(float, times)), norms),
                    Curve(
                        "predicted slope, ln t / margin",
                        tuple(map(float, times[2:])),
                        tuple(norms[-1] + math.log(t / times[-1]) / margin for t in times[2:]),
                    ),
                ),
                log=True,
            ),
            Plot(
                "Direction",
                "step",
                "cosine with the best separator",
                (
                    Curve("measured", tuple(map(float, times)), cosines),
                    Curve("predicted limit", tuple(map(float, times)), (1.0,) * len(times)),
                ),
                log=True,
            ),
        ),
        notes=("The direction converges like 1/ln t, far slower than the loss falls.",),
    )


EXPERIMENT = Experiment(
    name="max-margin-bias",
    claim="On linearly separable data, gradient descent on the logistic loss diverges as w(t) ≈ ŵ ln t, ŵ the "
    "separator of greatest margin with min yᵢŵ·xᵢ = 1.",
    source="Soudry, Hoffer, Nacson, Gunasekar and Srebro (2018), The implicit bias of gradient descent on separable "
    "data, theorem 3.",
    textbook=("A97",),
    control="flipped labels, which no line separates: the weights converge",
    run=_run,
    formulas=("rhobar.nn.neurons.novikoff_bound",),
)
