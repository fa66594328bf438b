"""``rhobar probe``: measure a network with any of the probes. Nothing here imports torch until it runs."""

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rhobar.cli.factory import FactoryError, called
from rhobar.cli.files import write_text

if TYPE_CHECKING:
    from rhobar.probes.survey import Outcome, Subject

__all__ = ["probe"]

MISSING = 1
"""Exit code when a probe that was asked for by name, or every probe, could not be made."""


def probe(
    factory: Annotated[
        str,
        typer.Argument(help="package.module:function or file.py:function; see below.", metavar="MODULE:FACTORY"),
    ] = "",
    what: Annotated[str, typer.Option(help="Probes by name, with commas [all].")] = "",
    data: Annotated[
        str, typer.Option(help="MODULE:FACTORY of batches, or of (loss, batches), for a factory of a model alone.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for page and numbers [.rhobar/probe-<name>-<time>].")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the numbers as JSON to this file as well.")] = None,
    samples: Annotated[int, typer.Option(help="Samples of the data to use, about.", min=1)] = 512,
    seed: Annotated[int, typer.Option(help="Of all random vectors and subsets.")] = 0,
    list_probes: Annotated[bool, typer.Option("--list", help="List the probes and end.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing; only write the files.")] = False,
) -> None:
    """Measure the network that FACTORY returns, print the numbers, and draw them on one page.

    FACTORY takes nothing and returns (model, loss, batches), or (model, loss, batches, held-out batches), or a model
    with --data. The model is measured in the mode it is returned in, and left as it was.

    Exit code: 0 if every probe named by --what gave numbers (without --what, if any did), 1 if not, 2 if the command
    cannot be understood or the factory cannot be called.
    """
    if list_probes:
        _list()
        return
    subject, names = _understood(factory, what, data, samples, seed)
    outcomes = _measured(subject, names, quiet)
    folder = out or Path(".rhobar") / f"probe-{_safe(factory)}-{time.strftime('%Y%m%d-%H%M%S')}"
    _written(factory, subject, outcomes, folder, json, quiet)
    missing = [o for o in outcomes if o.reading is None]
    if missing and (what or len(missing) == len(outcomes)):
        raise typer.Exit(MISSING)


def _list() -> None:
    from rhobar.probes.survey import PROBES

    width = max(map(len, PROBES))
    for name, summary in PROBES.items():
        typer.echo(f"{name:{width}}  {summary}")


def _understood(factory: str, what: str, data: str, samples: int, seed: int) -> "tuple[Subject, list[str]]":
    """Return what is to be measured and by which probes, or end with code 2 and one sentence."""
    from rhobar.probes.survey import chosen

    try:
        names = chosen([name for name in re.split(r"[,\s]+", what.lower()) if name])
        if not factory:
            raise FactoryError("Name a factory: rhobar probe MODULE:FACTORY, or rhobar probe --list.")
        return _subject(called(factory), called(data) if data else None, factory, samples, seed), names
    except (FactoryError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _subject(made: Any, data: Any, factory: str, samples: int, seed: int) -> "Subject":  # noqa: ANN401
    from torch import nn

    from rhobar.probes.survey import Subject, default_loss

    parts = [*made] if isinstance(made, tuple | list) and not isinstance(made, nn.Module) else [made]
    if not parts or not isinstance(parts[0], nn.Module):
        kind = type(parts[0]).__name__ if parts else "nothing"
        raise FactoryError(f"{factory} must return a torch.nn.Module first, got {kind}.")
    if data is not None:
        paired = isinstance(data, tuple | list) and len(data) == 2 and callable(data[0])
        loss, batches = data if paired else (default_loss, data)
        return Subject(parts[0], loss, batches, max_samples=samples, seed=seed)
    if len(parts) not in (3, 4) or not callable(parts[1]):
        raise FactoryError(
            f"{factory} must return (model, loss, batches) or (model, loss, batches, held-out batches), got "
            f"{len(parts)} parts; for a model alone give its data by --data."
        )
    held_out = parts[3] if len(parts) == 4 else ()
    return Subject(parts[0], parts[1], parts[2], held_out, max_samples=samples, seed=seed)


def _measured(subject: "Subject", names: list[str], quiet: bool) -> "list[Outcome]":
    from rich.console import Console

    from rhobar.probes.survey import survey
    from rhobar.report.readings import print_readings

    console, outcomes = Console(), []
    for outcome in survey(subject, names):
        outcomes.append(outcome)
        if not quiet:
            print_readings(outcome, console)
    return outcomes


def _written(
    factory: str, subject: "Subject", outcomes: "list[Outcome]", folder: Path, json: Path | None, quiet: bool
) -> None:
    """Write page and numbers; what cannot be written is said."""
    from rhobar.report.readings import readings_json, write_readings

    model = subject.model
    facts = {
        "Model": type(model).__name__,
        "Parameters": f"{sum(p.numel() for p in model.parameters()):,}",
        "Mode": "training" if model.training else "evaluation",
        "Measured in": f"{sum(o.seconds for o in outcomes):.1f} s",
    }
    try:
        page = write_readings(factory, outcomes, folder / "probes.html", facts)
        for path in {folder / "probes.json", json} - {None}:
            assert path is not None
            write_text(path, readings_json(factory, outcomes))
    except OSError as error:
        typer.echo(f"rhobar: could not write {error.filename or folder}: {error.strerror or error}.", err=True)
        return
    if not quiet:
        typer.echo(f"\nPage: {page}")


def _safe(spec: str) -> str:
    return re.sub(r"[^\w.-]+", "_", Path(spec.replace(":", "-")).name) or "model"
