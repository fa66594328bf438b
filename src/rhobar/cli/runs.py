"""``rhobar runs``, ``show``, ``diff`` and ``export``: what was written of runs, read back. Nothing here imports torch.

Every name comes from a file that may be anyone's: it is made printable before it is printed.
"""

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from rhobar.record.store import Run

__all__ = ["diff", "export", "runs", "show"]

HOME = Path(".rhobar")
"""Where runs are looked for."""
UNREADABLE = 2
"""Exit code where a run cannot be read."""
DIFFERENT = 1
"""Exit code of ``rhobar diff`` where something differs."""


class Form(enum.StrEnum):
    """What a run can be exported to."""

    parquet = "parquet"
    csv = "csv"
    tensorboard = "tensorboard"
    wandb = "wandb"
    mlflow = "mlflow"
    trackio = "trackio"


def runs(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder of the runs [.rhobar].")] = HOME,
) -> None:
    """List the runs in a folder: when each began, how it stands, its steps and losses, and what was found."""
    from rhobar.record.store import StoreError, find_runs
    from rhobar.report.runs import run_line, unreadable_line

    lines = []
    for run in find_runs(folder):
        try:
            lines.append(unreadable_line(run) if isinstance(run, StoreError) else run_line(run))
        except StoreError as error:  # of a file that opens but holds nonsense
            lines.append(unreadable_line(error))
    for _, line in sorted(lines):
        typer.echo(line)
    if not lines:
        typer.echo(f"There are no runs in {folder}; `rhobar run SCRIPT` makes one.", err=True)


def show(
    run: Annotated[str, typer.Argument(help="Its folder, or the folder's name in .rhobar.")],
) -> None:
    """Print how a run stands, what was found, and the latest reading of its layers; also while it runs."""
    from rich.console import Console

    from rhobar.record.store import StoreError
    from rhobar.report.runs import print_run

    opened = _opened(run)
    try:
        print_run(opened, Console())
    except StoreError as error:
        _refuse(error)


def diff(
    first: Annotated[str, typer.Argument(metavar="RUN_A", help="One run.")],
    second: Annotated[str, typer.Argument(metavar="RUN_B", help="Another run.")],
) -> None:
    """Print where two runs part: settings, environment, findings, and the first step and layer that differ.

    Exit code: 0 if nothing differs, 1 if something does, 2 if a run cannot be read.
    """
    from rich.console import Console

    from rhobar.record.store import StoreError, difference
    from rhobar.report.runs import print_difference

    one, other = _opened(first), _opened(second)
    try:
        found = difference(one, other)
    except StoreError as error:
        _refuse(error)
    if print_difference(found, Console()):
        raise typer.Exit(DIFFERENT)


def export(
    run: Annotated[str, typer.Argument(help="Its folder, or the folder's name in .rhobar.")],
    to: Annotated[Form, typer.Option(help="Tables as files, or the run for another tool, offline.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write into [RUN/export-TO].")] = None,
) -> None:
    """Write a run as files or for another tool, on this machine; nothing is sent anywhere."""
    import importlib

    from rhobar.record.store import StoreError
    from rhobar.record.store.export import TABLE_FORMS

    opened = _opened(run)
    folder = out or opened.path.parent / f"export-{to.value}"
    try:
        if to.value in TABLE_FORMS:
            said = f"{len(TABLE_FORMS[to.value](opened, folder))} tables in {folder}"
        else:
            said = importlib.import_module(f"rhobar.integrations.{to.value}").export(opened, folder)
    except (StoreError, ImportError, OSError) as error:
        _refuse(error)
    typer.echo(said)


def _opened(name: str) -> "Run":
    """The run of a path, or of a name in .rhobar; ends the command where there is none."""
    from rhobar.record.store import Run, StoreError

    path = Path(name)
    if not path.exists() and path.name == name and (HOME / name).exists():
        path = HOME / name
    try:
        return Run(path)
    except StoreError as error:
        _refuse(error)


def _refuse(error: Exception) -> NoReturn:
    from rhobar.report.wording import clean

    typer.echo(f"rhobar: {clean(str(error))}", err=True)
    raise typer.Exit(UNREADABLE) from error
