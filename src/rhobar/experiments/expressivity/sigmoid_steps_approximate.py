"""Sigmoid steps: ⌈K/(2ε)⌉ pieces bring a K-Lipschitz function on [0, 1] within ε, everywhere."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from rhobar.experiments.checks import at_least, at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.neurons import step_network
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_SHARPNESS = 100.0
"""α times the width of a piece: jumps other than the nearest then add at most 2K e^(−50) to the error,
and a straight line attains 0.89 of the bound (all of it as α → ∞)."""

_FUNCTIONS: dict[str, tuple[float, Callable[[Tensor], Tensor]]] = {
    "3x": (3.0, lambda x: 3 * x),
    "sin 2πx": (2 * math.pi, lambda x: torch.sin(2 * math.pi * x)),
    "|x − 1/3|": (1.0, lambda x: (x - 1 / 3).abs()),
    "4 triangles": (8.0, lambda x: ((8 * x) % 2 - 1).abs()),
}
_JUMP: dict[str, tuple[float, Callable[[Tensor], Tensor]]] = {
    "a jump, taken for 3-Lipschitz": (3.0, lambda x: 3 * x + (x > 1 / math.e))
}


def _sup_error(f: Callable[[Tensor], Tensor], pieces: int, num_points: int) -> float:
    """Return sup |network − f| on [0, 1], with one more piece at each end so that no bump ends inside."""
    width = 1 / pieces
    middles = width * (torch.arange(-1, pieces + 1, dtype=torch.float64) + 0.5)
    x = torch.linspace(0, 1, num_points, dtype=torch.float64)
    return float((step_network(f(middles), -width, 1 + width, _SHARPNESS / width, x) - f(x)).abs().max())


def _run(setting: Setting) -> Result:
    functions = _JUMP if setting.broken else _FUNCTIONS
    tolerances = (0.4, 0.2, 0.1, 0.05, 0.025)
    errors: dict[str, tuple[float, ...]] = {}
    for name, (K, f) in functions.items():
        errors[name] = tuple(_sup_error(f, math.ceil(K / (2 * eps)), setting.size(2001, 20001)) for eps in tolerances)
    worst = max(error / eps for found in errors.values() for error, eps in zip(found, tolerances, strict=True))
    K, line = next(iter(functions.values()))
    too_few = _sup_error(line, math.floor(0.8 * K / 0.1), setting.size(2001, 20001))
    return Result(
        checks=(
            at_most("largest sup error over ε with ⌈K/(2ε)⌉ pieces: 1", 1 + 1e-9, worst),
            at_least("with a fifth of the pieces fewer, sup error of a straight line: above ε = 0.05", 0.05, too_few),
        ),
        figures=(
            Plot(
                "Sup error with the pieces that the construction asks for",
                "ε",
                "sup error",
                (Curve("ε", tolerances, tolerances), *(Curve(n, tolerances, e) for n, e in errors.items())),
                log=True,
            ),
        ),
        notes=(
            "At a jump between pieces the sum lies between both heights, so that the bound holds there, too; "
            "a single pulse keeps an error of half its height at its ends, however sharp it is.",
            "This says how many units suffice, not that training finds them.",
        ),
    )


EXPERIMENT = Experiment(
    name="sigmoid-steps-approximate",
    claim="A K-Lipschitz function on [0, 1] is met within ε by ⌈K/(2ε)⌉ steps (and one at each end) of sharp sigmoids.",
    source="Cybenko (1989) for the theorem; the construction by uniform continuity (Heine–Cantor).",
    textbook=("A14", "A16", "A17", "A18"),
    control="the function jumps: it is not continuous, and no number of pieces helps",
    run=_run,
    formulas=("rhobar.nn.neurons.step_network",),
    findings=("too-little-capacity",),
)
