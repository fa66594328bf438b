"""Where batches come from, epoch by epoch, and how to find one's place again.

A source keeps the random state with which the epoch began. To resume, that state is put back, the batches already used
are gone through once more (tensors in memory: skipped at no cost), and the state of the checkpoint is put back.
"""

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch

from rhobar.train.batches import Batches
from rhobar.train.randomness import capture, restore
from rhobar.train.ranks import Ranks

__all__ = ["Piece", "Source"]


@dataclass(frozen=True)
class Piece:
    """What this process contributes of one batch.

    Attributes:
        batch: Its rows.
        rows: How many of them count.
        total: Rows of the batch over all processes.
    """

    batch: Any
    rows: int
    total: int


class Source:
    """The batches of one epoch after the other, grouped by `accumulate`.

    Args:
        batches: `Batches`, a DataLoader, or any iterable that can be gone through once an epoch.
        accumulate: Batches of one step.
        ranks: The processes that share every batch.
    """

    def __init__(self, batches: Iterable[Any], accumulate: int, ranks: Ranks) -> None:
        self.batches, self.accumulate, self.ranks = batches, accumulate, ranks
        sampler = getattr(batches, "sampler", None)
        found = [getattr(owner, "generator", None) for owner in (batches, sampler)]
        self.generators = list({id(g): g for g in found if isinstance(g, torch.Generator)}.values())
        self.shards_itself = isinstance(sampler, torch.utils.data.distributed.DistributedSampler)
        self.began: dict[str, Any] = {}
        self.before_fetch: dict[str, Any] | None = None
        self._stream: Iterator[Any] = iter(())

    def __len__(self) -> int:
        """Steps an epoch.

        Raises:
            TypeError: If the iterable does not know its length.
        """
        if not isinstance(self.batches, Sized):
            raise TypeError(f"{type(self.batches).__name__} does not know how many batches it gives.")
        return -(-len(self.batches) // self.accumulate)

    @property
    def sized(self) -> bool:
        """Whether the number of steps an epoch is known beforehand."""
        return hasattr(self.batches, "__len__")

    def begin(self, epoch: int, *, skip: int = 0) -> None:
        """Start an epoch; leave out the first steps of it."""
        self.began = capture(self.generators)
        sampler: Any = getattr(self.batches, "sampler", None)
        if hasattr(sampler, "set_epoch"):
            sampler.set_epoch(epoch)
        skipped = skip * self.accumulate
        if isinstance(self.batches, Batches):
            seed = self.ranks.agree(self.batches.draw()) if self.batches.shuffle else None
            self._stream = self.batches.ordered(seed, skipped)
            return
        if self.ranks.many:
            # One seed for the order in which all processes read; then each its own for dropout.
            seed = self.ranks.agree(int(torch.randint(2**62, ())))
            with torch.random.fork_rng():
                torch.manual_seed(seed)
                self._stream = _started(iter(self.batches))
        else:
            self._stream = iter(self.batches)
        for _ in islice(self._stream, skipped):
            pass

    def resume(self, epoch: int, skip: int, began: dict[str, Any], now: dict[str, Any]) -> None:
        """Come back to a place inside an epoch: `skip` steps after the state `began`, with the state `now`."""
        restore(began, self.generators)
        self.begin(epoch, skip=skip)
        restore(now, self.generators)

    def fetch(self) -> list[Piece] | None:
        """Return the batches of the next step; None at the end of the epoch."""
        if not isinstance(self.batches, Batches):  # whose slices draw no random numbers
            self.before_fetch = capture(self.generators)
        pieces = [self._piece(batch) for batch in islice(self._stream, self.accumulate)]
        return pieces or None

    def _piece(self, batch: Any) -> Piece:  # noqa: ANN401
        if not self.shards_itself:
            return Piece(*self.ranks.share(batch))
        rows = Ranks().share(batch)[1]
        total = torch.tensor([rows], dtype=torch.int64)
        return Piece(batch, rows, int(self.ranks.sum(total)))


def _started(stream: Iterator[Any]) -> Iterator[Any]:
    """Fetch the first batch now, while the random state is that which the processes share."""
    first = list(islice(stream, 1))

    def going_on() -> Iterator[Any]:
        yield from first
        yield from stream

    return going_on()
