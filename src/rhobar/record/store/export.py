"""A run's tables as files: one file a table, CSV or Parquet."""

import csv
from collections.abc import Callable
from pathlib import Path

from rhobar.record.store.run import Run

__all__ = ["TABLE_FORMS", "write_csv", "write_parquet"]


def write_csv(run: Run, folder: Path) -> list[Path]:
    """Write each table as ``TABLE.csv`` with a head line; what was not seen is empty, NaN is ``nan``.

    Names are written as they are. A spreadsheet may take one that begins with ``=`` for a formula: import columns of
    names as text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in run.tables:
        columns = run.columns(name)
        paths.append(folder / f"{name}.csv")
        with paths[-1].open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
    return paths


def write_parquet(run: Run, folder: Path) -> list[Path]:
    """Write each table as ``TABLE.parquet``.

    Raises:
        ImportError: If pyarrow is not installed.
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise ImportError("This needs pyarrow; install the extra: pip install 'rhobar[export]'.") from error
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in run.tables:
        paths.append(folder / f"{name}.parquet")
        parquet.write_table(run.table(name, as_="arrow"), paths[-1])
    return paths


TABLE_FORMS: dict[str, Callable[[Run, Path], list[Path]]] = {"csv": write_csv, "parquet": write_parquet}
"""What writes the tables in a form."""
