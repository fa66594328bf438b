"""Pooling over k × k makes white features change by 1/k of what they do without it when the image moves by a pixel."""

import torch
from torch import Tensor

from rhobar.experiments.checks import Check, at_least, at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.layers import avg_pool2d, max_pool2d
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_SIZE = 24
_WINDOWS = (1, 2, 3, 4, 6)


def _change(image: Tensor, k: int, shift: int, *, largest: bool) -> Estimate:
    """Return E|f(shifted) − f|²/(2 Var f), which is 1 where the features have nothing in common, over the images."""
    pool = max_pool2d if largest else avg_pool2d
    f, g = pool(image, k), pool(image.roll(shift, 3), k)
    return mean_of((g - f).square().mean((1, 2, 3)) / (2 * f.var()))


def _run(setting: Setting) -> Result:
    images = torch.randn(setting.size(60, 1000), 1, _SIZE, _SIZE, generator=setting.generator(), dtype=torch.float64)
    shifts = [k if setting.broken else 1 for k in _WINDOWS]  # in the control as far as the window is wide
    mean = [_change(images, k, s, largest=False) for k, s in zip(_WINDOWS, shifts, strict=True)]
    top = [_change(images, k, s, largest=True) for k, s in zip(_WINDOWS, shifts, strict=True)]
    # The variance that is divided by has an error of its own: √(2/n) of n pooled values.
    n = [images.numel() / k**2 for k in _WINDOWS]
    checks: list[Check] = [
        equal(f"mean over {k} × {k}, shift of a pixel: 1/{k}", 1 / k, m, bias=4 * (2 / size) ** 0.5 / k)
        for k, m, size in zip(_WINDOWS, mean, n, strict=True)
    ]
    places = tuple(map(float, _WINDOWS))
    return Result(
        checks=(
            *checks,
            at_most("maximum over 6 × 6: less than half of the change without pooling", 0.5, top[-1]),
            at_least("but some: pooling is no invariance", 0.05, mean[-1]),
        ),
        figures=(
            Plot(
                "Change of white features when the image moves by a pixel",
                "window k",
                "mean square change / 2 variance",
                (
                    Curve("1/k", places, tuple(1 / k for k in _WINDOWS)),
                    Curve("mean pooling", places, tuple(m.value for m in mean), tuple(m.stderr for m in mean)),
                    Curve("maximum pooling", places, tuple(m.value for m in top), tuple(m.stderr for m in top)),
                ),
            ),
        ),
        notes=("Invariance by pooling is local and approximate: a shift as wide as the window changes all of it.",),
    )


EXPERIMENT = Experiment(
    name="pooling-blurs-shifts",
    claim="When the image moves a pixel, means of white features over k × k change by 1/k as much as the features.",
    source="Zhang (2019), Making convolutional networks shift-invariant again, section 3.",
    textbook=("C56", "C-§6.2.2b"),
    control="the image moves by the width of the window",
    run=_run,
    formulas=("rhobar.nn.layers.avg_pool2d", "rhobar.nn.layers.max_pool2d"),
)
