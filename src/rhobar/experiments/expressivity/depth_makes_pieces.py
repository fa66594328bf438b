"""Depth: L layers of two ReLUs make 2^L linear pieces, for which one hidden layer needs 2^L − 1 units."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.neurons import tent
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]


def _num_pieces(x: Tensor, y: Tensor) -> int:
    """Count the stretches of equal slope of a piecewise linear function on a grid that meets or is finer than them."""
    slope = y.diff() / x.diff()
    turns = (slope.diff().abs() > 1e-6 * slope.abs().max().clamp(min=1e-30)).tolist()
    # A kink between two grid points turns the slope twice in a row; it is one.
    return 1 + sum(bool(turn and not before) for turn, before in zip(turns, [False, *turns], strict=False))


def _random_net(x: Tensor, depth: int, generator: torch.Generator) -> Tensor:
    """Return a net of the tent's size with He weights in place of the tent's."""
    h = x[:, None]
    for _ in range(depth):
        W = torch.randn(h.shape[1], 2, generator=generator, dtype=x.dtype) * (2 / h.shape[1]) ** 0.5
        h = torch.relu(h @ W + 0.5 * torch.randn(2, generator=generator, dtype=x.dtype))
    return h @ torch.randn(2, generator=generator, dtype=x.dtype)


def _shallow(x: Tensor, units: int, generator: torch.Generator) -> Tensor:
    W, b, v = torch.randn(3, units, generator=generator, dtype=x.dtype)
    y: Tensor = torch.relu(x[:, None] * W + b) @ v
    return y


def _run(setting: Setting) -> Result:
    deepest = setting.size(10, 14)
    depths = range(1, deepest + 1)
    x = torch.linspace(0, 1, 8 * 2**deepest + 1, dtype=torch.float64)
    deep, shallow = [], []
    for depth in depths:
        generator = setting.generator(depth)
        deep.append(_num_pieces(x, _random_net(x, depth, generator) if setting.broken else tent(x, depth)))
        shallow.append(max(_num_pieces(x, _shallow(x, 2 * depth, generator)) for _ in range(5)))
    excess = max(found - (2 * depth + 1) for found, depth in zip(shallow, depths, strict=True))
    places = tuple(map(float, depths))
    return Result(
        checks=(
            near(f"linear pieces of {deepest} layers: 2^{deepest}", 2.0**deepest, float(deep[-1]), relative=1e-12),
            near(
                "pieces multiplied by each layer: 2",
                2.0,
                (deep[-1] / deep[0]) ** (1 / (deepest - 1)),
                relative=1e-12,
            ),
            at_most("pieces of one hidden layer beyond its units + 1: none", 0.0, float(excess)),
        ),
        figures=(
            Plot(
                "Linear pieces of a function of one variable",
                "layers of two units, or pairs of units in one layer",
                "log₂ pieces",
                (
                    Curve("2^L", places, places),
                    Curve("deep", places, tuple(math.log2(n) for n in deep)),
                    Curve("one layer, bound", places, tuple(math.log2(2 * n + 1) for n in places)),
                    Curve("one layer", places, tuple(math.log2(n) for n in shallow)),
                ),
            ),
        ),
        notes=("It holds for some weights, such as the tent's, not for all: random ones of the same shape, as in the "
               "control, make few pieces.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="depth-makes-pieces",
    claim="L layers of two ReLUs can make 2^L linear pieces (the tent map); one layer of m units makes at most m + 1.",
    source="Telgarsky (2016), Benefits of depth in neural networks, section 2; Hanin and Rolnick (2019), random nets.",
    textbook=("C-§3.3.3", "C-§6.1.2a", "B3"),
    control="random weights in the same architecture, in place of the tent's",
    run=_run,
    formulas=("rhobar.nn.neurons.tent",),
)
