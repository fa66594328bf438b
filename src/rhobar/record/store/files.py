"""Where a run's store lies, and how its file is opened: to write beside a training, and to read what anyone left there.

A file is never shared by two writers and never written over: a writer makes a new one, ``run.db``, or ``run-2.db``
where there is one already, by an operation that succeeds for one process only. No lock, clock or process id is needed
for that, and none can go stale.
"""

import contextlib
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rhobar.record.store import schema

__all__ = ["StoreError", "new_file", "new_folder", "reading", "store_files", "writing"]

_NAME = re.compile(r"run(?:-([1-9][0-9]{0,8}))?\.db")
_LONGEST = 1 << 28
"""Bytes of the longest text or blob that is read."""
PATIENCE = 0.25
"""Seconds that a write waits for another process that holds the file; it is tried again after that."""


class StoreError(ValueError):
    """A file that cannot be read as a run store, and why."""


def new_folder(parent: Path, name: str) -> Path:
    """Make a folder that was not there: ``parent/name``, or with ``-2``, ``-3``, … where two runs start together.

    Raises:
        FileExistsError: If there are ten thousand of them; another OSError if none can be made there.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for folder in (parent / (name if i == 1 else f"{name}-{i}") for i in range(1, 10_000)):
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise FileExistsError(17, "ten thousand runs of this name are there already", str(parent / name))


def new_file(folder: Path) -> Path:
    """Make an empty file for a run: ``run.db``, or ``run-2.db``, ``run-3.db``, … where others are.

    Raises:
        FileExistsError: If there are ten thousand of them; another OSError if none can be made there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    last = max((_place(path) for path in folder.glob("run*.db*") if _place(path)), default=0)
    for i in range(last + 1, last + 10_000):
        path = folder / ("run.db" if i == 1 else f"run-{i}.db")
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
            return path
    raise FileExistsError(17, "ten thousand runs are there already", str(folder))


def store_files(folder: Path) -> list[Path]:
    """The store files of a folder, the oldest first.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> [new_file(folder).name for _ in range(2)], [path.name for path in store_files(folder)]
        (['run.db', 'run-2.db'], ['run.db', 'run-2.db'])
    """
    return sorted((p for p in folder.glob("run*.db") if _place(p) and p.is_file()), key=_place)


def _place(path: Path) -> int:
    """The number of a store file in its folder, 0 for other files; what SQLite keeps beside it counts as the file."""
    found = _NAME.fullmatch(path.name.removesuffix("-wal").removesuffix("-shm").removesuffix("-journal"))
    return int(found[1] or 1) if found else 0


@contextlib.contextmanager
def writing(path: Path, *, new: bool = False, final: bool = False) -> Iterator[sqlite3.Connection]:
    """One transaction on the file: all of it is kept, or nothing.

    The connection lives no longer than that. What a fork copies, what another process truncates or removes, is then a
    file that nobody has open.

    Args:
        path: The file.
        new: Whether an empty file is to get its tables first.
        final: Whether the run has ended: the file then stands alone, and is read where nothing can be written.

    Raises:
        DatabaseError: If it is no store of this version any more; an OperationalError if it cannot be written now.
    """
    db = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = NORMAL")
        with contextlib.suppress(sqlite3.OperationalError):  # not while somebody reads
            db.execute("PRAGMA journal_mode = WAL")
        if new and _stamp(db) == (0, 0):
            schema.create(db)
        if _stamp(db) != (schema.APPLICATION, schema.version()):
            raise sqlite3.DatabaseError("another program has written over it")
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
        if final:
            with contextlib.suppress(sqlite3.OperationalError):  # not while somebody reads
                db.execute("PRAGMA journal_mode = DELETE")
    finally:
        db.close()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as it stands now, read only, checked to hold nothing but the tables of a run store.

    A file in a folder that cannot be written to is read from a copy where SQLite needs to write beside it; an older
    version is brought up to date in memory.

    Raises:
        StoreError: If it is no run store, damaged, or of a newer version.
    """
    if not path.is_file():
        raise StoreError(f"{path} must be a run store, but there is no such file.")
    try:
        with contextlib.ExitStack() as stack:
            db = _opened(path, stack)
            _check(path, db)
            db = _current(db, stack)
            db.execute("BEGIN")  # one snapshot for all queries
            yield db
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} cannot be read as a run store: {error}.") from error


def _opened(path: Path, stack: contextlib.ExitStack) -> sqlite3.Connection:
    """A connection that reads; through a copy where the folder does not let SQLite work in it.

    Raises:
        OperationalError: If the file cannot be read.
    """
    try:
        db = _connected(path, stack)
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return db
    except sqlite3.OperationalError as error:
        if "unable to open" not in str(error) and "readonly" not in str(error):
            raise
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rhobar-")))
    for name in (path.name, f"{path.name}-wal", f"{path.name}-journal"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(path.with_name(name), folder / name)
    return _connected(folder / path.name, stack)


def _connected(path: Path, stack: contextlib.ExitStack) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode=ro"
    db = sqlite3.connect(uri, uri=True, timeout=5.0, isolation_level=None)
    stack.callback(db.close)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON"):
        db.execute(f"PRAGMA {pragma}")
    return db


def _check(path: Path, db: sqlite3.Connection) -> None:
    """Refuse what is not made of our own tables: views and triggers of others could run what they like.

    Raises:
        StoreError: If anything else is in the file.
    """
    application, found = _stamp(db)
    tables = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    if not tables and application in (0, schema.APPLICATION):
        raise StoreError(f"{path} holds nothing: the run was stopped before the first write.")
    if application != schema.APPLICATION:
        raise StoreError(f"{path} must be a run store of rhobar, but is a database of another program.")
    if found > schema.version():
        raise StoreError(
            f"{path} has version {found} and this rhobar reads versions up to {schema.version()}: install a newer one."
        )
    if found < 1 or dict(tables) != schema.definitions(found):
        raise StoreError(f"{path} must hold the tables of version {found} of a run store and nothing else.")


def _stamp(db: sqlite3.Connection) -> tuple[int, int]:
    application = db.execute("PRAGMA application_id").fetchone()[0]
    return application, db.execute("PRAGMA user_version").fetchone()[0]


def _current(db: sqlite3.Connection, stack: contextlib.ExitStack) -> sqlite3.Connection:
    """The tables in this package's version: the file's own, or a copy in memory that was brought up to it."""
    _, found = _stamp(db)
    if found == schema.version():
        return db
    copy = sqlite3.connect(":memory:", isolation_level=None)
    stack.callback(copy.close)
    db.backup(copy)
    schema.migrate(copy, found)
    return copy
