"""What a run store is given: the losses, rates, readings and evaluations of all trainings, as they come.

The training's own thread only lays a finished reading into a queue. All else is done by the store's thread: it asks
what is new (`draw`), turns it into rows and writes them. It reads the trackers' lists while they grow: a list is only
ever appended to, and the last loss may still be rescaled, so the last value of each list is drawn once more.
"""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from rhobar.record import LossFacts, Nonfinite, OptimizerFacts, Reading, to_json
from rhobar.record.store import Batch, Series, Store
from rhobar.record.store.rows import Rows, evaluation_row, reading_rows, text
from rhobar.watch.schedule import Clock

if TYPE_CHECKING:
    from rhobar.watch.tracker import Tracker

__all__ = ["Feed"]

MOST = 50_000
"""Rows of layers and parameters that wait to be written (75 MB): more than a disk that answers ever lets wait."""
SOON = MOST // 8
"""Rows after which the store is asked to hurry."""


_Head = tuple[OptimizerFacts | None, LossFacts | None, Nonfinite | None, int]
"""What is written of a training beside its numbers, and how many models it has."""


class Feed:
    """Feeds one store from the trackers of one observer.

    Args:
        store: Where to.
        clock: Gets the time that the store takes.
        trackers: The trainings so far; grows while watching.
        name: Names a training.
    """

    def __init__(self, store: Store, clock: Clock, trackers: "list[Tracker]", name: "Callable[[Tracker], str]") -> None:
        self.store, self._clock, self._trackers, self._name = store, clock, trackers, name
        self._waiting: deque[tuple[int, float, Reading]] = deque()
        self._cells = 0
        """Rows that waiting readings come to."""
        self._written: dict[tuple[str, int], int] = {}
        self._heads: dict[int, _Head] = {}
        self._next: tuple[int, dict[tuple[str, int], int], dict[int, _Head]] = (0, {}, {})
        self._kept = 0
        """Readings that are in the file."""

    def sink(self, training: int) -> Callable[[Reading], None]:
        """Where a training's finished readings go."""
        return lambda reading: self._take(training, reading)

    def tick(self) -> None:
        """Called at every backward pass by the training's thread: take note of the store's cost, and keep it going."""
        self._clock.beside = self.store.cost
        if not self.store.running:
            self.store.start()

    def _take(self, training: int, reading: Reading) -> None:
        cells = _cells(reading)
        if self._cells + cells > MOST and self._waiting:
            self.store.lose("readings", 1, "they came faster than the disk took them")
            return
        self._cells += cells
        self._waiting.append((training, self.store.seconds, reading))
        if self._cells > SOON:
            self.store.hurry()

    def draw(self) -> Batch:
        """What is new since the last batch that was written."""
        count, rows = len(self._waiting), Rows()
        for training, seconds, reading in [self._waiting[i] for i in range(count)]:
            for table, made in reading_rows(training, seconds, reading).items():
                rows.setdefault(table, []).extend(made)
        batch, counts, heads = Batch(rows), dict[tuple[str, int], int](), dict[int, _Head]()
        for i, tracker in enumerate(self._trackers[:]):
            counts["losses", i] = self._draw_series(batch, "losses", i, tracker.losses, tracker.settled_losses)
            counts["rates", i] = self._draw_series(batch, "rates", i, tracker.rates, len(tracker.rates))
            known = self._written.get(("evaluations", i), 0)
            fresh = [evaluation_row(i, known + k, e) for k, e in enumerate(tracker.evaluations[known:])]
            rows.setdefault("evaluations", []).extend(fresh)
            counts["evaluations", i] = known + len(fresh)
            heads[i] = (tracker.optimizer, tracker.loss, tracker.nonfinite, len(tracker.models))
            if heads[i] != self._heads.get(i):
                documents = [None if fact is None else to_json(fact) for fact in heads[i][:3]]
                rows.setdefault("trainings", []).append((i, text(self._name(tracker)), *map(text, documents)))
        self._next = (count, counts, heads)
        return batch

    def _draw_series(self, batch: Batch, table: str, training: int, values: list[float], count: int) -> int:
        known = self._written.get((table, training), 0)
        if count > known:
            first = max(known - 1, 0)
            batch.series.append(Series(table, training, first, values[first:count]))
        return count

    def written(self) -> None:
        """The last batch drawn is in the file."""
        count, self._written, self._heads = self._next
        for _ in range(count):
            self._cells -= _cells(self._waiting.popleft()[2])
        self._kept += count

    def rewind(self) -> list[tuple[str, int]]:
        """Draw again what is still in memory; readings that were written are not."""
        self._written, self._heads = {}, {}
        lost, self._kept = self._kept, 0
        return [("readings", lost)] if lost else []


def _cells(reading: Reading) -> int:
    return 1 + len(reading.layers) + len(reading.parameters)
