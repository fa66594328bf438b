"""The writer of a run: a thread that carries what a training shows to a file, twice a second, and never in its way.

What the thread finds new is written in one transaction, so a process that is killed loses what came after the last one:
half a second, and the time that a write takes. Where a write fails, nothing is raised: what its source still holds is
written later, and what was lost is counted and said, in the file (table ``lost``) as soon as it can be written, and in
`Store.complaints`.

The thread ends before every fork and is started anew in the parent, so that no child inherits a half-written file or a
lock that nobody will release.
"""

import json
import math
import os
import platform
import sqlite3
import threading
import time
import weakref
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from rhobar.record.diagnosis import Diagnosis
from rhobar.record.record import Record
from rhobar.record.serialise import to_json, to_plain
from rhobar.record.store.files import new_file, writing
from rhobar.record.store.processes import birth
from rhobar.record.store.rows import Rows

__all__ = ["Batch", "Series", "Source", "Store"]

INTERVAL = 0.5
"""Seconds between writes."""
SLOWEST = 30.0
"""Seconds between attempts when they keep failing."""
STUCK = 5.0
"""Seconds that a fork or the end of the training waits for a write; a disk that takes longer is given up on."""


@dataclass(frozen=True)
class Series:
    """Values of neighbouring steps.

    Attributes:
        table: ``losses`` or ``rates``.
        training: Number of the training.
        first: Step of the first value.
        values: One value a step.
    """

    table: str
    training: int
    first: int
    values: Sequence[float]


@dataclass
class Batch:
    """What is to be written in one transaction.

    Attributes:
        rows: Rows by table; a row replaces the one with its key.
        series: Values step by step.
    """

    rows: Rows = field(default_factory=dict)
    series: list[Series] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.series) or any(self.rows.values())


@runtime_checkable
class Source(Protocol):
    """What a store writes: it is asked from the store's thread."""

    def draw(self) -> Batch:
        """What is new since the last batch that was written."""

    def written(self) -> None:
        """The last batch drawn is in the file."""

    def rewind(self) -> list[tuple[str, int]]:
        """The file is gone: draw everything that is still there again; returns what is not, with its count."""


class Store:
    """Writes one run into ``run.db`` of a folder, beside the training.

    Args:
        folder: The run's folder; made if it is not there.
        name: The script, or the model watched.
        facts: Further facts, which JSON can hold.

    Nothing here raises for a disk or a file: see `complaints`.

    Example:
        >>> import tempfile
        >>> from rhobar.record.store import Run
        >>> store = Store(Path(tempfile.mkdtemp()) / "first", name="train.py")
        >>> store.finish(Record("train.py"))
        >>> Run(store.folder).state, store.complaints
        ('ended', [])
    """

    def __init__(self, folder: Path | str, *, name: str, facts: Mapping[str, object] | None = None) -> None:
        self.folder = Path(folder).absolute()
        self.path: Path | None = None
        self.cost = 0.0
        """Seconds of CPU that writing took so far."""
        self._facts: dict[str, object] = {
            "name": name, "started": datetime.now(UTC).isoformat(timespec="seconds"), "state": "running",
            "pid": os.getpid(), "born": birth(os.getpid()), "host": platform.node(), **(facts or {}),
        }  # fmt: skip
        self._began = time.monotonic()
        self._process = os.getpid()
        self._source: Source | None = None
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._ending = False
        self._made = False
        self._said: dict[tuple[str, str], int] = {}
        """What was lost and why, with its count; what is not in the file yet is in `_unsaid`."""
        self._unsaid: list[tuple[float, str, int, str]] = []
        self._failures = 0
        self._trouble: str | None = None
        self._documents: dict[str, bytes] = {}
        self._dirty = True
        _LIVE.add(self)
        try:
            self._claim()
        except OSError as error:
            self._trouble = _said(error)

    @property
    def seconds(self) -> float:
        """Seconds since the run began, whatever the wall clock does."""
        return time.monotonic() - self._began

    @property
    def running(self) -> bool:
        """Whether the thread is there."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def complaints(self) -> list[tuple[str, str]]:
        """What is not in the file, and why."""
        said = [(f"{count:,} {what}" if count else what, reason) for (what, reason), count in self._said.items()]
        if self._trouble is not None:
            said.append(("the latest part of the run", self._trouble))
        return said

    def start(self, source: Source | None = None) -> None:
        """Write what `source` shows from now on (that of before, if none is given)."""
        self._source = source or self._source
        if not self.running and self._process == os.getpid():
            self._ending = False
            if self._facts["state"] != "running":
                self._facts["state"], self._dirty = "running", True
            self._wake.clear()
            self._thread = threading.Thread(target=self._write_on, name="rhobar-store", daemon=True)
            self._thread.start()

    def hurry(self) -> None:
        """Much is waiting: write now."""
        self._wake.set()

    def stop(self) -> None:
        """Write what is left, and end the thread."""
        if self._pause():
            self._flush()

    def lose(self, what: str, count: int, reason: str) -> None:
        """Say that something could not be kept."""
        self._said[what, reason] = self._said.get((what, reason), 0) + count
        self._unsaid.append((self.seconds, what, count, reason))

    def finish(self, record: Record) -> None:
        """The training has ended: write what is left, and the whole record."""
        facts = {
            "state": "failed" if record.failure else "ended", "seconds": record.seconds, "budget": record.budget,
            "watch_seconds": record.watch_seconds, "environment": record.environment,
        }  # fmt: skip
        self._add(facts, "record", to_json(record))

    def conclude(self, diagnosis: Diagnosis) -> None:
        """Add what was concluded from the record."""
        self._add({"headline": diagnosis.headline}, "diagnosis", to_json(diagnosis))

    def _add(self, facts: Mapping[str, object], name: str, document: str) -> None:
        if self._pause():  # nobody else reads what is changed here
            self._facts |= facts
            self._documents[name] = zlib.compress(document.encode("utf-8", "backslashreplace"), 6)
            self._dirty = True
            self._flush()

    def _claim(self) -> None:
        """A file of this run's own."""
        self.path, self._made = new_file(self.folder), False

    def _write_on(self) -> None:
        """The thread."""
        while not self._ending:
            self._flush()
            pause = min(INTERVAL * 2**self._failures, SLOWEST)
            self._wake.wait(pause)
            self._wake.clear()

    def _pause(self) -> bool:
        """End the thread; False where this is a fork's child, or the disk does not answer."""
        if self._process != os.getpid():
            return False
        thread = self._thread
        if thread is None:
            return True
        self._ending = True
        self._wake.set()
        thread.join(STUCK)
        if thread.is_alive():
            self._trouble = f"the disk did not answer for {STUCK:g} seconds"
            return False
        self._thread = None
        return True

    def _flush(self) -> None:
        """Write what is new; what goes wrong is noted."""
        start = time.thread_time()
        try:
            self._write()
            self._failures, self._trouble = 0, None
        except Exception as error:
            self._failures = min(self._failures + 1, 16)
            self._trouble = _said(error)
        self.cost += time.thread_time() - start

    def _write(self) -> None:
        if self.path is None:
            self._claim()
        assert self.path is not None
        batch = self._source.draw() if self._source is not None else Batch()
        if not (batch or self._dirty or self._unsaid):
            return
        if self._made and not self.path.is_file():
            batch = self._begin_again("the file was removed")
        unsaid = list(self._unsaid)
        try:
            self._put(batch, unsaid, new=not self._made)
        except sqlite3.OperationalError:
            raise  # full, locked, read only: it may end
        except sqlite3.DatabaseError as error:
            batch = self._begin_again(f"the file was damaged: {error}")
            unsaid = list(self._unsaid)
            self._put(batch, unsaid, new=True)
        self._made, self._dirty = True, False
        del self._unsaid[: len(unsaid)]
        if self._source is not None:
            self._source.written()

    def _begin_again(self, reason: str) -> Batch:
        """A new file; of what was in the old one, what is still in memory is written again."""
        self.path = new_file(self.folder)
        self._made, self._dirty = False, True
        if self._source is None:
            return Batch()
        for what, count in self._source.rewind():
            self.lose(what, count, reason)
        return self._source.draw()

    def _put(self, batch: Batch, unsaid: list[tuple[float, str, int, str]], *, new: bool) -> None:
        assert self.path is not None
        rows: Rows = {**batch.rows, "lost": [*unsaid]}
        if self._dirty:
            facts = {key: json.dumps(to_plain(value), allow_nan=False) for key, value in self._facts.items()}
            rows["facts"] = [*facts.items()]
            rows["documents"] = [*self._documents.items()]
        with writing(self.path, new=new, final=self._facts["state"] != "running") as db:
            for table, values in rows.items():
                if values:
                    marks = ", ".join("?" * len(values[0]))
                    db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", values)
            for series in batch.series:
                # One statement for all values: Python's lock is let go once, not once a row.
                db.execute(
                    f"INSERT OR REPLACE INTO {series.table} SELECT ?1, ?2 + key, value FROM json_each(?3)",
                    (series.training, series.first, _json(series.values)),
                )


def _said(error: Exception) -> str:
    """What went wrong, in the system's words where it has some."""
    return (error.strerror if isinstance(error, OSError) else None) or f"{type(error).__name__}: {error}"


def _json(values: Sequence[float]) -> str:
    """A list of numbers as SQLite's JSON reads it: a number too large for a double is its infinity."""
    if all(map(math.isfinite, values)):
        return json.dumps(values)
    words = {"nan": '"nan"', "inf": "1e999", "-inf": "-1e999"}
    return "[" + ",".join(words.get(repr(v), repr(v)) for v in map(float, values)) + "]"


_LIVE: "weakref.WeakSet[Store]" = weakref.WeakSet()


def _before_fork() -> None:
    for store in list(_LIVE):
        store._pause()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork)
