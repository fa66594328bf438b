"""Shortcuts: through h + F(h) a gradient grows by 1 + s² a block; without the shortcut it shrinks by s²."""

import math

import torch
from torch import Tensor, nn

from rhobar.experiments.checks import Check, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.layers import Residual
from rhobar.probes.estimate import Estimate
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_DEPTH, _WIDTH = 30, 50
_SCALES = {"s = 0.1": 0.1, "s = 1/√L": _DEPTH**-0.5, "s = 1": 1.0}


class _Branch(nn.Module):
    """F(h) = W h with Var(W) = s²/n, of mean square slope s²: what a branch is to first order."""

    def __init__(self, scale: float, generator: torch.Generator) -> None:
        super().__init__()
        self.W = torch.randn(_WIDTH, _WIDTH, generator=generator, dtype=torch.float64) * scale / _WIDTH**0.5

    def forward(self, h: Tensor) -> Tensor:
        y: Tensor = h @ self.W.T
        return y


def _growth(scale: float, *, shortcut: bool, generator: torch.Generator) -> float:
    """Return ‖∂L/∂h_0‖² / ‖∂L/∂h_L‖² of one random net."""
    branches = [_Branch(scale, generator) for _ in range(_DEPTH)]
    net = nn.Sequential(*(Residual(branch) for branch in branches)) if shortcut else nn.Sequential(*branches)
    h = torch.randn(1, _WIDTH, generator=generator, dtype=torch.float64, requires_grad=True)
    delta = torch.randn(1, _WIDTH, generator=generator, dtype=torch.float64)
    (g,) = torch.autograd.grad(net(h), h, delta)
    return float(g.square().sum() / delta.square().sum())


def _mean_growth(scale: float, *, shortcut: bool, setting: Setting, stream: int) -> Estimate:
    nets = range(setting.size(40, 400))
    grown = [_growth(scale, shortcut=shortcut, generator=setting.generator(1000 * stream + k)) for k in nets]
    return Estimate(sum(grown) / len(grown), _spread(scale, shortcut=shortcut) / len(grown) ** 0.5)


def _predicted(s: float, *, shortcut: bool) -> float:
    return float((1 + s**2 if shortcut else s**2) ** _DEPTH)


def _spread(s: float, *, shortcut: bool) -> float:
    """Return the standard deviation over nets, of a skewed distribution whose own spread a sample underrates.

    A block's factor is (1 + x)² + s²χ²_{n−1}/n with x ~ N(0, s²/n), or s²χ²_n/n without the shortcut.
    """
    relative = (4 * s**2 + 2 * s**4) / (1 + s**2) ** 2 if shortcut else 2.0
    return _predicted(s, shortcut=shortcut) * math.sqrt((1 + relative / _WIDTH) ** _DEPTH - 1)


def _run(setting: Setting) -> Result:
    checks: list[Check] = []
    theory: dict[str, list[float]] = {"with": [], "without": []}
    measured: dict[str, list[float]] = {"with": [], "without": []}
    for stream, (name, s) in enumerate(_SCALES.items()):
        kept = _mean_growth(s, shortcut=not setting.broken, setting=setting, stream=stream)
        plain = _mean_growth(s, shortcut=False, setting=setting, stream=stream + 10)
        checks.append(
            equal(f"{name}: growth of ‖gradient‖² over {_DEPTH} blocks: (1 + s²)^L", _predicted(s, shortcut=True), kept)
        )
        checks.append(equal(f"{name}: without shortcuts: s^2L", _predicted(s, shortcut=False), plain))
        for key, found in (("with", kept), ("without", plain)):
            theory[key].append(math.log10(_predicted(s, shortcut=key == "with")))
            measured[key].append(math.log10(found.value))
    places = tuple(_SCALES.values())
    curves = []
    for key in theory:
        curves.append(Curve(f"theory, {key} shortcut", places, tuple(theory[key])))
        curves.append(Curve(f"{key} shortcut", places, tuple(measured[key])))
    return Result(
        checks=tuple(checks),
        figures=(
            Plot("Growth of the squared gradient", "scale s of the branches", f"log₁₀ growth, {_DEPTH} blocks",
                 tuple(curves), log=True),
        ),
        notes=("Unscaled branches (s = 1) double it with each block; s = 1/√L bounds the whole by e.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="residual-keeps-gradient",
    claim="For random linear branches of slope s, ‖gradient‖² changes by (1 + s²)^L with shortcuts, by s^2L without.",
    source="He et al. (2016), Identity mappings in deep residual networks, eq. 5.",
    textbook=("C75", "C79", "C80", "C-§8.1.1", "B31", "C-§7.1.2"),
    control="the shortcuts are cut",
    run=_run,
    formulas=("rhobar.nn.layers.Residual",),
    findings=("vanishing-gradient",),
)
