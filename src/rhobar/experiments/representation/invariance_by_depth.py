"""Invariance: a shift moves a wave by 1 − cos of its phase in all equivariant layers, and not at all after pooling."""

import math
from functools import partial

import torch
from torch import nn

from rhobar.experiments.checks import Check, at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.estimate import Estimate
from rhobar.probes.geometry import invariance
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_POINTS, _FREQUENCY, _CHANNELS = 24, 2, 4
_SHIFTS = (1, 2, 3, 4, 6)


class _Square(nn.Module):
    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return z.square()


def _model(setting: Setting) -> nn.Sequential:
    conv = nn.Conv1d(1, _CHANNELS, 5, padding=2, padding_mode="circular", bias=False, dtype=torch.float64)
    pool: nn.Module = nn.AdaptiveAvgPool1d(1)
    if setting.broken:
        pool = nn.Conv1d(_CHANNELS, _CHANNELS, _POINTS, bias=False, dtype=torch.float64)
    generator = setting.generator(1)
    with torch.no_grad():
        for p in (*conv.parameters(), *pool.parameters()):
            p.copy_(torch.randn(p.shape, generator=generator, dtype=p.dtype))
    return nn.Sequential(conv, _Square(), pool)


def _waves(n: int, generator: torch.Generator) -> torch.Tensor:
    """Draw waves a cos ωt + b sin ωt on a circle of points."""
    angle = 2 * math.pi * _FREQUENCY * torch.arange(_POINTS, dtype=torch.float64) / _POINTS
    amplitudes = torch.randn(n, 2, generator=generator, dtype=torch.float64)
    return (amplitudes @ torch.stack([angle.cos(), angle.sin()]))[:, None]


def _run(setting: Setting) -> Result:
    x = _waves(setting.size(200, 1000), setting.generator())
    model = _model(setting).eval()
    found: list[dict[str, Estimate]] = []
    for s in _SHIFTS:
        layers = invariance(model, [x], partial(torch.roll, shifts=s, dims=-1)).layers
        found.append({"input": layers["input"], "conv": layers["0"], "pooled": layers["2"]})
    law = [1 - math.cos(2 * math.pi * _FREQUENCY * s / _POINTS) for s in _SHIFTS]
    checks: list[Check] = [
        equal(f"shift by {s}, {name}: 1 − cos(2πks/n)", p, f[key], bias=4 / len(x))
        for s, p, f in zip(_SHIFTS, law, found, strict=True)
        for key, name in (("input", "input"), ("conv", "convolution"))
    ]
    places = tuple(map(float, _SHIFTS))
    return Result(
        checks=(
            at_most("after the mean over all places: rounding", 1e-12, max(f["pooled"].value for f in found)),
            *checks,
        ),
        figures=(
            Plot(
                "How far a shift moves a layer, over the distance of two samples",
                "shift s, points",
                "mean square ratio",
                (
                    Curve("1 − cos(2πks/n)", places, tuple(law)),
                    *(
                        Curve(k, places, tuple(f[k].value for f in found), tuple(f[k].stderr for f in found))
                        for k in ("input", "conv", "pooled")
                    ),
                ),
            ),
        ),
        notes=("Equivariant is not invariant: the convolution moves along with its input, as far as that does.",),
    )


EXPERIMENT = Experiment(
    name="invariance-by-depth",
    claim="For waves of one frequency k a shift by s moves input and circular convolution by 1 − cos(2πks/n) of the "
    "distance of two samples, and a layer pooled over all places not at all.",
    source="Goodfellow et al. (2009), Measuring invariances in deep networks, section 3; the shift theorem.",
    textbook=("B52", "C-§2.3.2"),
    control="weights of their own for each place, in place of the mean",
    run=_run,
    formulas=("rhobar.probes.geometry.invariance",),
)
