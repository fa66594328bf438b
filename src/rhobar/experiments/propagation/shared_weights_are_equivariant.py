"""Weight sharing: a shifted image gives shifted features; equal features only after pooling over all places."""

import torch
from torch import Tensor

from rhobar.experiments.checks import at_least, at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.layers import conv2d, global_avg_pool2d
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_SIZE, _CHANNELS, _KERNEL = 12, 4, 3


def _around(image: Tensor) -> Tensor:
    """Wrap the image around its edges, so that a shift moves nothing out."""
    wrapped: Tensor = torch.nn.functional.pad(image, (1, 1, 1, 1), mode="circular")
    return wrapped


def _features(image: Tensor, kernel: Tensor, sites: Tensor) -> Tensor:
    """Return ReLU of a convolution, every site's output multiplied by its own factor (1 where weights are shared)."""
    return torch.relu(conv2d(_around(image), kernel) * sites)


def _run(setting: Setting) -> Result:
    generator = setting.generator()

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    image, kernel = normal(2, 3, _SIZE, _SIZE), normal(_CHANNELS, 3, _KERNEL, _KERNEL)
    sites = 1 + (normal(_CHANNELS, _SIZE, _SIZE) if setting.broken else torch.zeros(1, 1, 1, dtype=torch.float64))
    f = _features(image, kernel, sites)
    commute, moved, pooled = [], [], []
    shifts = range(_SIZE)
    for s in shifts:
        g = _features(image.roll((s, 2 * s), (2, 3)), kernel, sites)
        commute.append(float((g - f.roll((s, 2 * s), (2, 3))).abs().max()))
        moved.append(float((g - f).abs().max()))
        pooled.append(float((global_avg_pool2d(g) - global_avg_pool2d(f)).abs().max()))
    places = tuple(map(float, shifts))
    weights = sum(p.numel() for p in torch.nn.Conv2d(3, _CHANNELS, _KERNEL).parameters())
    return Result(
        checks=(
            at_most("features of the shifted image against shifted features: rounding", 1e-12, max(commute)),
            at_least("largest difference to the features themselves: they move, not invariant", 0.1, max(moved)),
            at_most("after a mean over all places: rounding", 1e-12, max(pooled)),
            near("weights of 3 → 4 channels, for any image: 112", 112.0, float(weights), relative=1e-12),
        ),
        figures=(
            Plot(
                "Features of an image shifted by s pixels",
                "s",
                "largest difference",
                (
                    Curve("predicted", places, (0.0,) * _SIZE),
                    Curve("to shifted features", places, tuple(commute)),
                    Curve("to the features themselves", places, tuple(moved)),
                    Curve("after global pooling", places, tuple(pooled)),
                ),
            ),
        ),
        notes=("Sharing gives equivariance; invariance takes pooling. Zero padding breaks it at the edges.",),
    )


EXPERIMENT = Experiment(
    name="shared-weights-are-equivariant",
    claim="With wrapped edges a convolution commutes with shifts; only pooling over all places makes it invariant.",
    source="LeCun et al. (1998), Gradient-based learning applied to document recognition, section II.A.",
    textbook=("C55", "C-§2.3.2", "C-§6.2.2a", "C56"),
    control="every place has weights of its own",
    run=_run,
    formulas=("rhobar.nn.layers.conv2d", "rhobar.nn.layers.global_avg_pool2d"),
    exact="the features agree to rounding, whatever the image.",
)
