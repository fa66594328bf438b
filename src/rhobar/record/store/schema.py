"""The tables of a run store, its version, and the steps that bring an older file up to date.

A file says that it is a run store by SQLite's ``application_id`` and which version it has by ``user_version``. Step i
of `MIGRATIONS` leads from version i to i + 1; the first one makes the tables of an empty file. A step that was
published is never changed: what is to be different is a further step.

SQLite has no NaN and makes NULL of it. NULL means "not seen" here, so NaN travels as the text ``nan``; infinities are
numbers.
"""

import functools
import sqlite3

__all__ = ["APPLICATION", "MIGRATIONS", "create", "definitions", "kinds", "migrate", "version"]

APPLICATION = 0x72686F62
"""``rhob`` in ASCII."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
    CREATE TABLE trainings (training INTEGER PRIMARY KEY, name TEXT, optimizer TEXT, loss TEXT, nonfinite TEXT);
    CREATE TABLE losses (training INTEGER, step INTEGER, loss REAL, PRIMARY KEY (training, step)) WITHOUT ROWID;
    CREATE TABLE rates (training INTEGER, step INTEGER, rate REAL, PRIMARY KEY (training, step)) WITHOUT ROWID;
    CREATE TABLE readings (
        training INTEGER, step INTEGER, seconds REAL, loss REAL, gradient_norm REAL, applied_norm REAL, uphill REAL,
        gradient_cosine REAL, gradient_ratio REAL, update_cosine REAL, PRIMARY KEY (training, step)
    ) WITHOUT ROWID;
    CREATE TABLE layers (
        training INTEGER, step INTEGER, position INTEGER, layer TEXT, operation TEXT, activation TEXT,
        fan_in INTEGER, fan_out INTEGER, dead REAL, saturated REAL,
        reads_data INTEGER, normalised INTEGER, residual INTEGER, PRIMARY KEY (training, step, position)
    ) WITHOUT ROWID;
    CREATE TABLE moments (
        training INTEGER, step INTEGER, position INTEGER, layer TEXT, tensor TEXT, size INTEGER, read INTEGER,
        mean REAL, rms REAL, max_abs REAL, zero REAL, nonfinite REAL, PRIMARY KEY (training, step, position, tensor)
    ) WITHOUT ROWID;
    CREATE TABLE parameters (
        training INTEGER, step INTEGER, position INTEGER, parameter TEXT, size INTEGER, weight REAL, gradient REAL,
        gradient_nonfinite REAL, change REAL, PRIMARY KEY (training, step, position)
    ) WITHOUT ROWID;
    CREATE TABLE evaluations (
        training INTEGER, position INTEGER, step INTEGER, num_batches INTEGER, num_rows INTEGER, loss REAL,
        accuracy REAL, training_mode INTEGER, overlap REAL, source TEXT, PRIMARY KEY (training, position)
    ) WITHOUT ROWID;
    CREATE TABLE lost (seconds REAL, what TEXT, count INTEGER, reason TEXT);
    CREATE TABLE documents (name TEXT PRIMARY KEY, json BLOB);
    """,
)


def version() -> int:
    """The version that this package writes."""
    return len(MIGRATIONS)


def create(db: sqlite3.Connection) -> None:
    """Make the tables of an empty file, all of them or none.

    Args:
        db: A connection without transactions of its own (``isolation_level=None``).

    Example:
        >>> db = sqlite3.connect(":memory:", isolation_level=None)
        >>> create(db)
        >>> db.execute("PRAGMA user_version").fetchone()[0] == version()
        True
    """
    script = f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION};"
    db.executescript(script + "".join(MIGRATIONS) + f"PRAGMA user_version = {version()}; COMMIT;")


def migrate(db: sqlite3.Connection, found: int) -> None:
    """Bring tables of version `found` to this package's."""
    db.executescript("".join(MIGRATIONS[found:]))


def definitions(found: int) -> dict[str, str]:
    """The statement of each table of version `found`, as SQLite keeps it in ``sqlite_master``."""
    return _definitions("".join(MIGRATIONS[:found]))


@functools.cache
def _definitions(script: str) -> dict[str, str]:
    with sqlite3.connect(":memory:") as db:
        db.executescript(script)
        rows = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    db.close()
    return dict(rows)


def kinds() -> dict[str, dict[str, str]]:
    """Columns of each table with their SQL types, in order.

    Example:
        >>> kinds()["losses"]
        {'training': 'INTEGER', 'step': 'INTEGER', 'loss': 'REAL'}
    """
    with sqlite3.connect(":memory:") as db:
        db.executescript("".join(MIGRATIONS))
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {name: {c[1]: c[2] for c in db.execute(f"PRAGMA table_info({name})")} for name in names}
    db.close()
    return columns
