"""Trackio: a run's numbers in its local SQLite storage; no dashboard is started and nothing leaves the machine."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rhobar.record.store import Run
from rhobar.record.store.scalars import scalars, summary

__all__ = ["export"]


def export(run: Run, folder: Path, *, project: str = "rhobar") -> str:
    """Write a run to a folder of Trackio's, and return how to look at it.

    Args:
        run: The run, ended or not.
        folder: Trackio's directory; runs are added to those in it.
        project: Name of the project.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _kept_in(folder.absolute()) as storage:
        steps = scalars(run)
        storage.bulk_log(
            project,
            run.path.parent.name,
            [values for _, values in steps],
            steps=[step for step, _ in steps],
            config=summary(run),
        )
    return f"TRACKIO_DIR={folder} trackio show --project {project}"


@contextlib.contextmanager
def _kept_in(folder: Path) -> Iterator[Any]:
    """Trackio's storage with its directory, which it reads from the environment once, set to `folder`.

    Raises:
        ImportError: If Trackio is not installed, or too old to write many rows at once.
    """
    before = os.environ.get("TRACKIO_DIR")
    os.environ["TRACKIO_DIR"] = str(folder)
    try:
        from trackio import sqlite_storage, utils
    except ImportError as error:
        raise ImportError("This needs trackio; install the extra: pip install 'rhobar[export]'.") from error
    finally:
        if before is None:
            del os.environ["TRACKIO_DIR"]
        else:
            os.environ["TRACKIO_DIR"] = before
    if not hasattr(sqlite_storage.SQLiteStorage, "bulk_log"):
        raise ImportError("This needs trackio 0.20 or newer; install the extra: pip install -U 'rhobar[export]'.")
    modules = (sqlite_storage, utils)
    kept = [module.TRACKIO_DIR for module in modules]
    try:
        for module in modules:
            module.TRACKIO_DIR = folder
        yield sqlite_storage.SQLiteStorage
    finally:
        for module, directory in zip(modules, kept, strict=True):
            module.TRACKIO_DIR = directory
