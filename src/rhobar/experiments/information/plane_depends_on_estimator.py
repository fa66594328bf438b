"""I(X; T) of a deterministic layer is what the bins make of it: each halving of their width adds ln 2."""

import math

import torch
from torch import nn

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate
from rhobar.probes.information import information_plane

__all__ = ["EXPERIMENT"]

_BINS = (4, 8, 16, 32)
_STEEP = 20.0


class _Layer(nn.Module):
    """One unit, tanh; in the control its answer is rounded to three values."""

    def __init__(self, scale: float, *, rounded: bool) -> None:
        super().__init__()
        self.scale, self.rounded = scale, rounded
        self.act = nn.Tanh()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        t: torch.Tensor = self.act(torch.round(x) if self.rounded else self.scale * x)
        return t


def _points(scale: float, x: torch.Tensor, setting: Setting) -> list[Estimate]:
    """Return I(X; T) for each number of bins."""
    y = (x[:, 0] > 0).long()
    model = _Layer(scale, rounded=setting.broken)
    planes = [information_plane(model, [(x, y)], num_bins=bins, max_samples=len(x)) for bins in _BINS]
    return [plane.layers["act"].input for plane in planes]


def _binned_tanh(bins: int, scale: float) -> float:
    """Return the entropy of T = tanh(a x) in equal bins, x uniform on [−1, 1]: P(T ≤ e) = ½ + atanh(e)/(2a)."""
    edges = torch.linspace(-1, 1, bins + 1, dtype=torch.float64) * math.tanh(scale)
    below = (0.5 + torch.atanh(edges) / (2 * scale)).clamp(0, 1)
    below[0], below[-1] = 0.0, 1.0
    p = below.diff()
    return -float(torch.special.xlogy(p, p).sum())


def _run(setting: Setting) -> Result:
    # Uniform inputs and small weights: T is nearly uniform on its range, so that H(T) = ln(bins).
    n = setting.size(4000, 40_000)
    x = 2 * torch.rand(n, 1, generator=setting.generator(), dtype=torch.float64) - 1
    linear, saturated = _points(0.01, x, setting), _points(_STEEP, x, setting)
    every = _points_all(x, setting)
    predicted = [math.log(bins) for bins in _BINS]
    theory = [_binned_tanh(bins, _STEEP) for bins in _BINS]
    return Result(
        checks=(
            *(
                equal(f"I(X; T) of a linear unit with {bins} bins: ln {bins}, nats", p, m, bias=bins / n)
                for bins, p, m in zip(_BINS, predicted, linear, strict=True)
            ),
            *(
                equal(f"I(X; T) of a saturated unit with {bins} bins", p, m, bias=bins / n)
                for bins, p, m in zip(_BINS, theory, saturated, strict=True)
            ),
            equal("with bins for every sample: ln n, the ceiling", math.log(len(x)), every, bias=0.05),
        ),
        figures=(
            versus("I(X; T) of a linear unit", "bins", "nats", _BINS, predicted, linear, log=True),
            versus("I(X; T) of a saturated tanh unit, same inputs", "bins", "nats", _BINS, theory, saturated, log=True),
        ),
        notes=(
            "The map is one to one: the true I(X; T) is infinite for both units. That the saturated one “compresses” "
            "is an effect of bins of equal width.",
        ),
    )  # fmt: skip


def _points_all(x: torch.Tensor, setting: Setting) -> Estimate:
    """Return I(X; T) with far more bins than samples."""
    plane = information_plane(
        _Layer(0.01, rounded=setting.broken), [(x, (x[:, 0] > 0).long())], num_bins=100 * len(x), max_samples=len(x)
    )
    return plane.layers["act"].input


EXPERIMENT = Experiment(
    name="plane-depends-on-estimator",
    claim="For a deterministic one-to-one layer on continuous inputs, the binned estimate of I(X; T) grows by ln 2 "
    "with each doubling of the bins, up to ln n, and is lower for a saturated unit: it tells of the bins.",
    source="Saxe et al. (2018), On the information bottleneck theory of deep learning, section 2.",
    textbook=("B48", "B49"),
    control="a layer that rounds to three values, whose information is finite",
    run=_run,
    findings=("saturated-units",),
    formulas=("rhobar.probes.information.information_plane",),
)
