"""The reader of a run: what its store holds, while it is written or ever after."""

import json
import math
import platform
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from rhobar.record.diagnosis import Diagnosis
from rhobar.record.record import Record, Unseen
from rhobar.record.serialise import from_json
from rhobar.record.store.files import StoreError, reading, store_files
from rhobar.record.store.processes import alive
from rhobar.record.store.rows import evaluations_of, readings_of
from rhobar.record.store.schema import kinds
from rhobar.record.store.table import as_table
from rhobar.record.training import LossFacts, Nonfinite, OptimizerFacts, Training

__all__ = ["Run", "find_runs"]

T = TypeVar("T")
_LONGEST = 1 << 28
"""Bytes of the longest document that is unpacked."""
_TABLES = kinds()
State = Literal["running", "ended", "failed", "broken off", "unknown"]


@dataclass(frozen=True, init=False)
class Run:
    """A run that was, or is being, written to a folder; every question reads the file as it stands then.

    Args:
        path: The run's folder (its latest store, if there are several) or the store's file.

    Raises:
        StoreError: If there is no store, here and by everything that reads it.

    Example:
        >>> import tempfile, torch, rhobar as rb
        >>> model, folder = torch.nn.Linear(3, 1), tempfile.mkdtemp()
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> with rb.watch(model, optimizer, out=folder):
        ...     for _ in range(3):
        ...         optimizer.zero_grad()
        ...         torch.nn.functional.mse_loss(model(torch.ones(8, 3)), torch.ones(8, 1)).backward()
        ...         _ = optimizer.step()
        >>> run = Run(folder)
        >>> run.state, [reading.step for reading in run.trainings[0].readings]
        ('ended', [0, 1, 2])
        >>> list(run.table("losses").columns)
        ['training', 'step', 'loss']
    """

    path: Path

    def __init__(self, path: Path | str) -> None:
        path = Path(path)
        if path.is_dir():
            files = store_files(path)
            if not files:
                raise StoreError(f"{path} must hold a run store, run.db, but there is none.")
            path = files[-1]
        object.__setattr__(self, "path", path)
        with reading(path):
            pass

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that `table` gives."""
        return tuple(name for name in _TABLES if name != "documents")

    def columns(self, table: str) -> dict[str, list[Any]]:
        """One table as lists of ints, floats, texts and None, by column, in the order of its key.

        Raises:
            ValueError: If there is no such table, or a value in it is of another kind than its column says.
        """
        if table not in self.tables:
            raise ValueError(f"table must be one of {', '.join(self.tables)}, got {table!r}.")
        with reading(self.path) as db:
            rows = db.execute(f"SELECT * FROM {table}").fetchall()
        return {
            name: [self._value(row[i], kind, table, name) for row in rows]
            for i, (name, kind) in enumerate(_TABLES[table].items())
        }

    def table(self, name: str, *, as_: str = "pandas") -> Any:  # noqa: ANN401
        """One table as a data frame.

        Args:
            name: One of `tables`.
            as_: ``pandas``, ``polars`` or ``arrow``, which must be installed (extra ``export``).
        """
        return as_table(self.columns(name), _TABLES.get(name, {}), as_)

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of the run as a whole: name, started, state, host, environment and more."""
        facts = self.columns("facts")
        return {key: self._json(value) for key, value in zip(facts["key"], facts["value"], strict=True)}

    @property
    def environment(self) -> dict[str, str]:
        """Versions and device; empty until the run has ended."""
        found = self.facts.get("environment")
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}

    @property
    def state(self) -> State:
        """``running``, ``ended``, ``failed`` by an exception, ``broken off`` without a word, ``unknown`` elsewhere."""
        facts = self.facts
        state = facts.get("state")
        if state in ("ended", "failed"):
            return state  # type: ignore[no-any-return]
        if facts.get("host") != platform.node():
            return "unknown"
        return "running" if alive(facts.get("pid"), facts.get("born")) else "broken off"

    @property
    def lost(self) -> list[str]:
        """What could not be kept, and why, in sentences."""
        rows = self.columns("lost")
        counts: dict[tuple[str, str], int] = {}
        for what, count, reason in zip(rows["what"], rows["count"], rows["reason"], strict=True):
            counts[what, reason] = counts.get((what, reason), 0) + count
        return [f"{count:,} {what} were lost: {reason}." for (what, reason), count in counts.items()]

    @property
    def courses(self) -> list[tuple[str, list[float]]]:
        """Name and losses of each training, without its readings: quick to ask for, also of a long run."""
        names, losses = self.columns("trainings"), self._by_training("losses")
        return [
            (name or "", _dense(losses.get(i, []))) for i, name in zip(names["training"], names["name"], strict=True)
        ]

    @property
    def trainings(self) -> list[Training]:
        """The trainings as far as they were written: losses, rates, all readings, evaluations, optimizer and loss."""
        known = self.columns("trainings")
        tables = {name: self._by_training(name) for name in ("losses", "rates", "evaluations")}
        parts = {name: self._by_training(name) for name in ("readings", "layers", "moments", "parameters")}
        found = []
        for i, name, *documents in zip(*known.values(), strict=True):
            optimizer, loss, bad = documents
            rates = [row[2] for row in tables["rates"].get(i, [])]
            facts = self._document(OptimizerFacts, optimizer)
            found.append(
                Training(
                    name or "",
                    losses=_dense(tables["losses"].get(i, [])),
                    rates=rates,
                    num_steps=facts.num_steps if facts is not None and not rates else len(rates),
                    loss=self._document(LossFacts, loss),
                    optimizer=facts,
                    readings=readings_of({table: rows.get(i, []) for table, rows in parts.items()}),
                    evaluations=evaluations_of(tables["evaluations"].get(i, [])),
                    nonfinite=self._document(Nonfinite, bad),
                )
            )
        return found

    @property
    def record(self) -> Record:
        """The record of a run that has ended; of another one what was written so far, which is not all of it."""
        whole = self._stored(Record, "record")
        if whole is not None:
            return whole
        facts = self.facts
        reason = f"the run is {self.state}: only its losses, rates, readings and evaluations were written"
        return Record(
            str(facts.get("name", "")), trainings=self.trainings, unseen=[Unseen("the end of the run", reason)],
            environment=self.environment,
        )  # fmt: skip

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What was concluded when the run had ended, if it has."""
        return self._stored(Diagnosis, "diagnosis")

    def _stored(self, cls: type[T], name: str) -> T | None:
        with reading(self.path) as db:
            found = db.execute("SELECT json FROM documents WHERE name = ?", (name,)).fetchone()
        if found is None:
            return None
        try:
            unpack = zlib.decompressobj()
            text = unpack.decompress(found[0], _LONGEST)
            if not unpack.eof:
                raise ValueError(f"it is longer than {_LONGEST:,} bytes, or cut off")
            return from_json(cls, text.decode("utf-8"))
        except (ValueError, TypeError, zlib.error, RecursionError) as error:
            raise StoreError(f"{self.path} holds a {name} that cannot be read: {error}.") from error

    def _by_training(self, table: str) -> dict[int, list[tuple[Any, ...]]]:
        rows: dict[int, list[tuple[Any, ...]]] = {}
        for row in zip(*self.columns(table).values(), strict=True):
            rows.setdefault(row[0], []).append(row)
        return rows

    def _document(self, cls: type[T], text: str | None) -> T | None:
        try:
            return None if text is None else from_json(cls, text)
        except (ValueError, RecursionError) as error:
            raise StoreError(f"{self.path} holds {cls.__name__} that cannot be read: {error}.") from error

    def _json(self, text: str) -> Any:  # noqa: ANN401
        try:
            return json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise StoreError(f"{self.path} holds a fact that is no JSON: {error}.") from error

    def _value(self, value: Any, kind: str, table: str, column: str) -> Any:  # noqa: ANN401
        """SQLite lets any value into any column; a reader gets the column's kind.

        Raises:
            StoreError: If the value is of another one.
        """
        if (kind == "INTEGER" and type(value) is int) or (kind == "TEXT" and isinstance(value, str | None)):
            return value
        if kind == "REAL" and (value == "nan" or isinstance(value, int | float | None)):
            return None if value is None else float(value)
        raise StoreError(f"{self.path} holds {type(value).__name__} where {table}.{column} must be {kind}.")


def _dense(rows: list[tuple[Any, ...]]) -> list[float]:
    """Losses by step; NaN for a step that was not written.

    Raises:
        StoreError: If steps are missing that no writer leaves out.
    """
    known = {step: loss for _, step, loss in rows if loss is not None}
    last = max(known, default=-1)
    if min(known, default=0) < 0 or last >= 2 * len(known) + 1000:
        raise StoreError(f"the losses of {len(known):,} steps must be of neighbouring steps, got step {last:,}.")
    return [known.get(step, math.nan) for step in range(last + 1)]


def find_runs(folder: Path | str) -> Iterator[Run | StoreError]:
    """The runs in a folder, in order of their names: of itself and of the folders in it; or why one cannot be read.

    Example:
        >>> list(find_runs("no/such/folder"))
        []
    """
    folder = Path(folder)
    inside = sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    for place in (folder, *inside):
        for path in store_files(place):
            try:
                yield Run(path)
            except StoreError as error:
                yield error
