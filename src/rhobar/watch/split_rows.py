"""Rows of both sides of a split, to be told apart afterwards: a spread sample of what was trained on and evaluated."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from rhobar.watch.moments import real

__all__ = ["SplitRows", "Spread", "distance", "sampled"]

ROWS, COLUMNS, BATCHES, SOURCES = 512, 256, 64, 4
"""Rows of one side, columns of a row, batches sampled, and places of evaluation that are told apart: 5 MB at most."""


def sampled(x: Tensor, rows: int) -> Tensor | None:
    """Up to `rows` rows of a batch, spread over it, and up to 256 of their columns; ``None`` if none are real.

    They stay on their device: nothing waits for it.
    """
    if x.ndim < 2 or x.numel() == 0 or x.layout != torch.strided or not x.is_floating_point():
        return None
    flat = real(x.detach())[:: -(-x.shape[0] // rows)].flatten(1)
    return flat[:, :: -(-flat.shape[1] // COLUMNS)].to(torch.float32, copy=True)


@dataclass
class Spread:
    """Samples of at most 64 batches, evenly spaced over all that came, however many did."""

    kept: list[Tensor] = field(default_factory=list)
    _stride: int = 1
    _seen: int = 0

    @property
    def share(self) -> int:
        """Rows of the next batch to sample; 0 if it is not one of those that are kept."""
        return ROWS // (len(self.kept) + 1) if self._seen % self._stride == 0 else 0

    def add(self, sample: Tensor | None) -> None:
        """Count a batch, and keep its sample if it is of the same width as the others."""
        self._seen += 1
        if sample is None or (self.kept and self.kept[0].shape[1] != sample.shape[1]):
            return
        self.kept.append(sample)
        if len(self.kept) > BATCHES:
            self.kept, self._stride = self.kept[::2], 2 * self._stride

    def rows(self) -> Tensor | None:
        """As many rows of each batch, at most 512 in all, those with non-finite values left out."""
        if not self.kept:
            return None
        each = max(1, min(ROWS // len(self.kept), *map(len, self.kept)))
        rows = torch.cat([sample.cpu()[torch.arange(each) * len(sample) // each] for sample in self.kept])
        return rows[torch.isfinite(rows).all(1)]


@dataclass
class SplitRows:
    """The rows trained on, and those of each place of evaluation."""

    training: Spread = field(default_factory=Spread)
    evaluated: dict[str, Spread] = field(default_factory=dict)

    def wants(self, source: str) -> bool:
        """Whether an evaluation from this place is sampled: the first one from each of the first few places."""
        return source not in self.evaluated and len(self.evaluated) < SOURCES

    def evaluate(self, source: str, samples: list[Tensor]) -> None:
        """Keep the samples of one evaluation."""
        spread = self.evaluated[source] = Spread()
        for sample in samples:
            spread.add(sample)


def distance(trained: Tensor, evaluated: Tensor) -> float:
    """How far away rows lie: the root mean square, at the median feature, of (x − mean)/std of the rows trained on.

    Features that never vary in training are left out; 1 if none is left.

    Example:
        >>> x = torch.arange(12.0).reshape(6, 2)
        >>> round(distance(x, x), 3), round(distance(x, 100 * x)) > 100
        (1.0, True)
    """
    trained, evaluated = trained.double(), evaluated.double()
    spread = trained.std(0, correction=0)
    varies = spread > 1e-12 * trained.abs().amax(0).clamp_min(1e-300)
    if not bool(varies.any()):
        return 1.0
    away = (evaluated - trained.mean(0))[:, varies] / spread[varies]
    return float(away.square().mean(0).sqrt().median())
