"""XOR: no line separates it, the best one gets three of four points, and two layers compute it exactly."""

import itertools
import math

import torch
from torch import Tensor

from rhobar.experiments.checks import at_least, near, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.neurons import separability, xor_network
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_CORNERS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
_XOR = torch.tensor([-1.0, 1.0, 1.0, -1.0], dtype=torch.float64)
_AND = torch.tensor([-1.0, -1.0, -1.0, 1.0], dtype=torch.float64)


def _dichotomies() -> list[Tensor]:
    """Return the labelings of the corners that some line produces; a constant one is a line far away."""
    labelings = [torch.tensor(signs, dtype=torch.float64) for signs in itertools.product((-1.0, 1.0), repeat=4)]
    return [y for y in labelings if len(y.unique()) == 1 or separability(_CORNERS, y).separable]


def _best_at(angle: float, y: Tensor) -> float:
    """Return the largest share that a line with this normal gets right, over all offsets."""
    score = _CORNERS @ torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
    offsets = torch.cat([score - 1e-6, score + 1e-6])
    return float(((score - offsets[:, None]).sign() == y).double().mean(1).max())


def _share_learned(setting: Setting) -> float:
    """Return the share of 2-2-1 nets of tanh units that gradient descent brings to answer all four corners."""
    nets, generator = setting.size(50, 1000), setting.generator()
    shapes = ((nets, 2, 2), (nets, 1, 2), (nets, 2, 1), (nets, 1, 1))
    W, b, v, c = (2 * torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes)
    target = (_XOR[:, None] + 1) / 2
    for _ in range(1000):
        a = torch.tanh(_CORNERS @ W + b)
        delta = torch.sigmoid(a @ v + c) - target  # of cross-entropy, for every net
        hidden = delta @ v.mT * (1 - a**2)
        W, b = W - 0.5 * _CORNERS.T @ hidden, b - 0.5 * hidden.sum(1, keepdim=True)
        v, c = v - 0.5 * a.mT @ delta, c - 0.5 * delta.sum(1, keepdim=True)
    return float((((torch.tanh(_CORNERS @ W + b) @ v + c) > 0) == (target > 0.5)).all(1).double().mean())


def _run(setting: Setting) -> Result:
    y = _AND if setting.broken else _XOR
    found = separability(_CORNERS, y)
    by_lines = _dichotomies()
    best = max(float((labels == y).double().mean()) for labels in by_lines)
    exact = bool(torch.equal((2 * xor_network(_CORNERS) - 1), y))
    angles = tuple(2 * math.pi * k / 72 for k in range(73))
    return Result(
        checks=(
            true("the linear program finds no line", not found.separable),
            near("the best line's share of right answers is ¾", 0.75, best, relative=1e-12),
            near("the hulls of the classes meet at (½, ½)", 0.5, float(found.meeting_point.mean()), relative=1e-9),
            near("labelings of four points that a line can produce: 14", 14.0, float(len(by_lines)), relative=1e-12),
            true("ReLU(x₁ + x₂) − 2 ReLU(x₁ + x₂ − 1) answers all four", exact),
            at_least("share of 2-2-1 nets that learn it from a random start: some", 0.02, _share_learned(setting)),
        ),
        figures=(
            Plot(
                "Right answers of the best line of each direction",
                "angle of its normal, rad",
                "share right",
                (
                    Curve("at most ¾", angles, (0.75,) * len(angles)),
                    Curve("best line", angles, tuple(_best_at(a, y) for a in angles)),
                    Curve("two layers", angles, (float(exact),) * len(angles)),
                ),
            ),
        ),
        notes=("The limit is the single layer, not the unit. Hulls that meet decide: a disc in a ring fails, too.",),
    )


EXPERIMENT = Experiment(
    name="xor-needs-two-layers",
    claim="No line separates XOR, the best one answers three of its four points, and two layers of ReLU answer all.",
    source="Minsky and Papert (1969), Perceptrons; Cover (1965), theorem 1, for the 14 labelings.",
    textbook=("A9", "A10", "A11", "C-§2.2"),
    control="the labels are AND, whose classes' hulls do not meet",
    run=_run,
    formulas=("rhobar.nn.neurons.separability", "rhobar.nn.neurons.xor_network"),
    findings=("too-little-capacity", "missing-nonlinearity"),
)
