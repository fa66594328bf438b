"""At equal work, growing depth, width and resolution together beats one alone where each has an error of its own."""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rhobar.experiments.checks import at_least, at_most, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.architectures.compound_scaling import Scaling, compound_scaling
from rhobar.probes.estimate import Estimate, mean_of

__all__ = ["EXPERIMENT"]

_GROWTH = 2.0
"""g: the target is e^g times the signal."""
_CHANNELS, _FREQUENCIES = 64, 512


@dataclass(frozen=True)
class _Sizes:
    """A stack of residual convolutions.

    Attributes:
        depth: Blocks z + (g/d) z.
        width: Channels: the signal's first.
        points: On the circle, which carry the frequencies below half of them.
    """

    depth: int
    width: int
    points: int

    def stack(self, device: str | None = None) -> list[nn.Conv1d]:
        """Return the convolutions, with one and the same weight."""
        layers = [
            nn.Conv1d(self.width, self.width, 3, padding=1, padding_mode="circular", bias=False, device=device)
            for _ in range(self.depth)
        ]
        weight = torch.zeros(self.width, self.width, 3)
        weight[:, :, 1] = _GROWTH / self.depth * torch.eye(self.width)
        with torch.no_grad():
            for layer in layers:
                layer.weight.copy_(weight.to(device))
        return layers

    def scaled(self, by: Scaling) -> "_Sizes":
        """Return the stack whose sizes are those of this one times the factors."""
        return _Sizes(
            *(round(n * f) for n, f in ((self.depth, by.depth), (self.width, by.width), (self.points, by.resolution)))
        )

    def work(self) -> int:
        """Count the operations of a forward pass."""
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            for layer in self.stack("meta"):
                layer(torch.empty(1, self.width, self.points, device="meta"))
        return int(counter.get_total_flops())


_BASE = _Sizes(4, 4, 8)
_FACTOR = 128
_GROWN = {
    "depth alone": _Sizes(4 * _FACTOR, 4, 8),
    "width alone": _Sizes(4, round(4 * _FACTOR**0.5), 8),
    "resolution alone": _Sizes(4, 4, 8 * _FACTOR),
    # A/d² + B/w + C/r is least at a given d w² r where w and r grow as d²: by 2, 4 and 4, and 2 · 4² · 4 = 128.
    "all three": _BASE.scaled(compound_scaling(1.0, alpha=2.0, beta=4.0, gamma=4.0)),
}


def _variances(setting: Setting) -> tuple[torch.Tensor, torch.Tensor]:
    """Return those of channels and of frequencies, i⁻² and k⁻²; in the control nothing lies beyond the first net."""
    parts = []
    for count, least in ((_CHANNELS, _BASE.width), (_FREQUENCIES, _BASE.points // 2 - 1)):
        law = torch.arange(1, count + 1, dtype=torch.float64) ** -2
        if setting.broken:
            law[least:] = 0
        parts.append(law / law.sum())
    return parts[0], parts[1]


def _predicted(sizes: _Sizes, setting: Setting) -> float:
    """Return the share of the target's variance that is missed: what is cut off, and the error of d steps of Euler."""
    channels, frequencies = _variances(setting)
    kept = (channels[: sizes.width].sum() * frequencies[: sizes.points // 2 - 1].sum()).item()
    euler = 1 - (1 + _GROWTH / sizes.depth) ** sizes.depth * math.exp(-_GROWTH)
    return 1 - kept + kept * euler**2


def _measured(sizes: _Sizes, coefficients: torch.Tensor) -> Estimate:
    """Run the stack on the signals as it sees them; what it does not see, it misses."""
    w, r = sizes.width, sizes.points
    seen = torch.zeros(len(coefficients), w, r // 2 + 1, dtype=torch.complex64)
    seen[:, :, 1 : r // 2] = coefficients[:, :w, : r // 2 - 1].to(torch.complex64)
    z = signal = torch.fft.irfft(seen, n=r, norm="forward")
    with torch.no_grad():
        for layer in sizes.stack():
            z = z + layer(z)
    error = (z - math.exp(_GROWTH) * signal).square().mean(2).sum(1).double() / 2
    energy = coefficients.abs().square().sum((1, 2))
    unseen = energy - seen.abs().square().sum((1, 2)).double()
    return mean_of(error / math.exp(2 * _GROWTH) + unseen)


def _run(setting: Setting) -> Result:
    channels, frequencies = _variances(setting)
    spread = (channels[:, None] * frequencies / 2).sqrt()  # of the real and of the imaginary part
    drawn = torch.randn(setting.size(60, 300), *spread.shape, 2, generator=setting.generator(), dtype=torch.float64)
    coefficients = torch.view_as_complex(drawn) * spread
    law = [_predicted(sizes, setting) for sizes in _GROWN.values()]
    seen = [_measured(sizes, coefficients) for sizes in _GROWN.values()]
    floor = 1 - (channels[:4].sum() * frequencies[:3].sum()).item()
    work = [sizes.work() / _BASE.work() for sizes in _GROWN.values()]
    return Result(
        checks=(
            at_most("error of all three: below the least predicted of one alone", min(law[:-1]), seen[-1]),
            *(equal(f"error of {n}: what it cuts off, and Euler's", p, m, bias=1e-5)
              for n, p, m in zip(_GROWN, law, seen, strict=True)),
            at_least("error of depth alone: not below what the first net cuts off", floor, seen[0]),
            *(near(f"work of {n}, times that of the first net: 128", float(_FACTOR), w, relative=0.02)
              for n, w in zip(_GROWN, work, strict=True)),
        ),
        figures=(versus("Error at 128 times the work", "0 depth, 1 width, 2 resolution, 3 all", "share missed",
                        range(4), law, seen),),
        notes=(f"The first net misses {_predicted(_BASE, setting):.2f}. Weights are given, not trained: that training "
               "finds them, and that photographs are of this kind, is EfficientNet's observation on ImageNet.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="compound-against-alone",
    claim="Where depth, width and resolution each leave an error of their own, here 1/d², 1/w and 1/r, growing all "
    "three at the best ratio ends far below growing one alone at the same work, which keeps the others' errors.",
    source="Tan and Le (2019), EfficientNet, section 3.2, observations 1 and 2; the ratio by Lagrange's condition.",
    textbook=("C82", "C83", "C84"),
    control="signals of which the first net cuts nothing off: depth alone is the best",
    run=_run,
    formulas=("rhobar.nn.architectures.compound_scaling.compound_scaling",),
)
