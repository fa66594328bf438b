"""Ranks of one training side by side: the same weights everywhere, and data of each rank's own.

Every rank leaves a short note of its dense readings in the store that torch.distributed keeps anyway (a table of keys,
no collective operation), and reads those of the others when somebody asks. So nothing waits: not the training, not a
rank that is not watched, and no order of communication changes. Compared are, over the ranks of one reading,

    weights    a projection of each parameter's sample on fixed pseudo-random numbers
    data       fingerprints of the first ROWS rows that went in
    loss       its mean and its extremes
"""

import itertools
import json
import os
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from rhobar.record import ReplicaFacts
from rhobar.watch.forwards import Forward, first_tensor
from rhobar.watch.naming import Names, wrapped_as
from rhobar.watch.parameters import Samples
from rhobar.watch.rows import fingerprints

__all__ = ["PATIENCE", "Found", "Note", "Replica", "Replicas", "compare", "projections", "row_prints"]

ROWS = 32
"""Rows of a batch that are compared."""
TOLERANCE = 1e-5
"""Ranks of a synchronous training compute the same bits; float32 sums in another order differ by less than this."""
PATIENCE = 2.0
"""Seconds that the end of a watch waits for notes of ranks that are a step behind."""
_numbers = itertools.count()


@dataclass
class Note:
    """What one rank says of one reading."""

    names: list[str]
    weights: Samples
    rows: list[float]
    loss: float

    def text(self) -> str:
        """What is left in the store."""
        return json.dumps([self.names, projections(self.weights), self.weights.rms(), self.rows, self.loss])


@dataclass
class Found:
    """A note as another rank reads it: of each parameter's sample a projection and the root mean square."""

    names: list[str]
    weights: list[float]
    sizes: list[float]
    rows: list[float]
    loss: float


@dataclass
class Replica:
    """This rank's notes of one training."""

    key: str
    ranks: list[int]
    rank: int
    store: Any
    compare_weights: bool = True
    steps: list[int] = field(default_factory=list)

    def post(self, step: int, note: Note) -> None:
        """Leave a note for the other ranks."""
        self.store.set(f"{self.key}/{step}/{self.rank}", note.text())
        self.steps.append(step)

    def facts(self, *, patience: float = 0.0) -> ReplicaFacts:
        """Compare the notes that all ranks left; those that are missing are not waited for beyond `patience`."""
        deadline = time.monotonic() + patience
        table: dict[int, list[Found]] = {}
        for step in reversed(self.steps):
            keys = [f"{self.key}/{step}/{rank}" for rank in self.ranks]
            while not (there := self.store.check(keys)) and time.monotonic() < deadline:
                time.sleep(0.01)
            if there:
                table[step] = [Found(*json.loads(self.store.get(key))) for key in keys]
        return compare(dict(sorted(table.items())), self.rank, len(self.ranks), weights=self.compare_weights)


class Replicas:
    """Which parameters stand on several ranks, and the notes about them.

    Args:
        names: Knows the models.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._number = next(_numbers)
        self._models: list[tuple[set[int], list[int], bool]] = []
        self._seen: set[int] = set()
        self._known: dict[int, Replica | None] = {}

    def _look(self) -> None:
        """Learn which of the known models replicate their parameters."""
        for model in self._names.models():
            module = model
            while (name := wrapped_as(module)) and not isinstance(module, nn.parallel.DistributedDataParallel):
                module = getattr(module, name)
            if isinstance(module, nn.parallel.DistributedDataParallel) and id(module) not in self._seen:
                self._seen.add(id(module))
                ranks = torch.distributed.get_process_group_ranks(module.process_group)
                if len(ranks) > 1:
                    self._models.append(({id(p) for p in module.parameters()}, ranks, True))

    def name(self, place: int) -> str:
        """What the ranks call a training among themselves, by its place among those of the run."""
        return f"rhobar/{self._number}/{place}/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}"

    def replica(self, key: int, place: int, reached: set[int]) -> Replica | None:
        """Where to leave the notes of a training.

        Args:
            key: Its identity.
            place: Its place among the trainings of the run, the same on every rank.
            reached: Identities of its parameters.
        """
        if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
            return None
        if self._known.get(key) is None:
            self._look()
            found = next((m for m in self._models if not m[0].isdisjoint(reached)), None)
            if found is not None:
                _, ranks, weights = found
                store = torch.distributed.distributed_c10d._get_default_store()
                rank = torch.distributed.get_rank()
                self._known[key] = Replica(self.name(place), ranks, rank, store, weights)
        return self._known.get(key)


def row_prints(forwards: list[Forward]) -> list[float]:
    """Fingerprints of the first rows that went into the passes which made a loss."""
    x = next((x for f in forwards if f.recorded and (x := first_tensor(f.args, f.kwargs)) is not None), None)
    return fingerprints(x[:ROWS]) if x is not None else []


def projections(samples: Samples) -> list[float]:
    """Σᵢ rᵢ xᵢ of each sample, r fixed pseudo-random numbers in [−1, 1] of their own for every place."""
    flat = samples.flat.numpy()
    pattern = np.sin(12.9898 * (np.arange(flat.size) + 1)) * 43758.5453
    weighted = flat * (2 * (pattern - np.floor(pattern)) - 1)
    ends = list(itertools.accumulate(samples.sizes))
    return [float(weighted[end - n : end].sum()) for end, n in zip(ends, samples.sizes, strict=True)]


def compare(table: dict[int, list[Found]], rank: int, ranks: int, *, weights: bool = True) -> ReplicaFacts:
    """Judge the notes of all ranks, reading by reading."""
    parted: int | None = None
    names: tuple[str, ...] = ()
    gap, same, losses = 0.0, list[float](), list[tuple[int, float, float, float]]()
    for step, notes in table.items():
        finite = [n.loss for n in notes]
        losses.append((step, statistics.fmean(finite), min(finite), max(finite)))
        if len({tuple(n.names) for n in notes}) == 1 and weights:
            apart = _apart(notes)
            if apart and parted is None:
                parted, names = step, tuple(apart)
            gap = max([gap, *apart.values()])
        if all(n.rows for n in notes):
            same.append(_shared(notes))
    return ReplicaFacts(
        num_ranks=ranks,
        rank=rank,
        steps=len(table),
        losses=tuple(losses),
        parted=parted,
        parted_names=names[:16],
        weight_gap=gap,
        same_rows=statistics.median(same) if same else None,
    )


def _apart(notes: list[Found]) -> dict[str, float]:
    """Parameters whose samples differ between ranks, with the difference relative to their size."""
    found = {}
    for i, name in enumerate(notes[0].names):
        values = [n.weights[i] for n in notes]
        size = max(n.sizes[i] for n in notes)
        gap = (max(values) - min(values)) / size if size > 0 else 0.0
        if gap > TOLERANCE:
            found[name] = gap
    return found


def _shared(notes: list[Found]) -> float:
    """Share of rows that another rank holds too, the largest over all pairs of ranks."""
    sets = [set(n.rows) for n in notes]
    return max(len(a & b) / max(len(a), 1) for a, b in itertools.combinations(sets, 2))
