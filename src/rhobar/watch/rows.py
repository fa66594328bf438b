"""Fingerprints of data rows: has this sample been seen before, in training or by the evaluation?"""

import functools
import math

import torch
from torch import Tensor

from rhobar.watch.moments import real

__all__ = ["RowPrints", "fingerprints"]

MAX_PRINTS = 20_000
COLUMNS = 192
MOST_LATE = 64
"""Batches that may wait on their device."""


def fingerprints(x: Tensor) -> list[float]:
    """One number a row: a fixed random projection of up to 192 of its columns, rounded to 5 digits.

    Rounding makes the number independent of the order of summation; two different rows agree with probability
    of about 1e-5.
    """
    if not _has_rows(x):
        return []
    flat = _columns(x).to("cpu", torch.float64)
    projected = flat @ _weights(flat.shape[1])
    if not math.isfinite(projected.sum().item()):
        flat = torch.nan_to_num(flat, nan=0.5, posinf=1e6, neginf=-1e6)
        projected = flat @ _weights(flat.shape[1])
    # The unit of rounding depends on each row alone, so that batches of other rows give the same print.
    low, high = torch.aminmax(flat, dim=1)
    own = torch.maximum(high, -low).clamp_min(1e-12)
    digits = 10.0 ** torch.floor(torch.log10(own))
    return ((projected / digits * 1e6).round() * digits).tolist()


def _has_rows(x: Tensor) -> bool:
    return x.ndim > 0 and x.numel() > 0 and x.layout == torch.strided


def _columns(x: Tensor) -> Tensor:
    flat = real(x.detach()).reshape(x.shape[0], -1)
    return flat[:, :: max(1, -(-flat.shape[1] // COLUMNS))]


@functools.lru_cache(maxsize=256)
def _weights(columns: int) -> Tensor:
    """The projection: pseudo-random numbers between 0.5 and 1.5."""
    k = torch.arange(columns, dtype=torch.float64)
    weights = torch.sin(12.9898 * (k + 1)) * 43758.5453
    return weights - weights.floor() + 0.5


class RowPrints:
    """The rows seen in training so far, up to a bound.

    Batches on an accelerator wait there until someone asks, so that training does not wait for them.
    """

    def __init__(self) -> None:
        self.seen: set[float] = set()
        self.complete = False
        self._rows = self._distinct = 0
        self._again: list[tuple[int, int]] = []
        self._discrete = True
        self._late: list[tuple[Tensor, int]] = []
        self.epoch_length: int | None = None

    def add(self, x: Tensor, step: int, *, later: bool | None = None) -> None:
        """Note the rows of one training batch.

        Args:
            x: The batch.
            step: Backward pass.
            later: Whether to leave it where it is until `settle`; by default if that is not the CPU.
        """
        if self.complete or not _has_rows(x):
            return
        if later or (later is None and not x.is_cpu):
            self._late.append((_columns(x).clone(), step))
            if len(self._late) >= MOST_LATE:
                self.settle()
        else:
            self._note(x, step)

    def settle(self) -> None:
        """Note the batches that were left where they are."""
        late, self._late = self._late, []
        for x, step in late:
            self._note(x.cpu(), step)

    def _note(self, x: Tensor, step: int) -> None:
        if self.complete:
            return
        prints = fingerprints(x)
        if not prints:
            return
        self._rows += len(prints)
        self._distinct += len(set(prints))
        again = sum(p in self.seen for p in prints)
        if step > 0 and 2 * again > len(prints):
            self.epoch_length, self.complete = step, True
        else:
            self._again.append((again, len(prints)))
            self._discrete = self._discrete and not (x.is_floating_point() and bool((x != x.round()).any()))
        self.seen.update(prints)
        self.complete = self.complete or len(self.seen) >= MAX_PRINTS

    def overlap(self, x: Tensor) -> float | None:
        """Share of rows of x that were seen in training."""
        self.settle()
        prints = fingerprints(x)
        return sum(p in self.seen for p in prints) / len(prints) if prints and self.seen else None

    @property
    def repeated(self) -> float | None:
        """Share of rows that equal another row of their own batch."""
        self.settle()
        return 1 - self._distinct / self._rows if self._rows else None

    @property
    def coincidence(self) -> float:
        """Share of rows that repeat an earlier one by chance: what an independent draw of the same kind would repeat.

        Read from the last quarter of the first pass; 0 where values are real, which never coincide unless copied.
        """
        self.settle()
        last = self._again[-max(1, len(self._again) // 4) :] if self._discrete else []
        return sum(again for again, _ in last) / max(sum(rows for _, rows in last), 1)

    @property
    def distinct(self) -> int | None:
        """Distinct rows seen, ``None`` if none or too many to tell."""
        self.settle()
        return len(self.seen) if 0 < len(self.seen) < MAX_PRINTS else None
