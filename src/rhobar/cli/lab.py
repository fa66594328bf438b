"""``rhobar lab``: the claims of the theory, checked on this machine. Nothing here imports torch until it runs."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rhobar.cli.files import write_text

if TYPE_CHECKING:
    from rhobar.experiments import Experiment, Result, Setting
    from rhobar.probes.survey import Outcome

    Measured = tuple[Outcome, Result | None]

__all__ = ["lab"]

FAILED = 1
"""Exit code when a claim that should hold does not."""

lab = typer.Typer(name="lab", help="Claims of the theory as experiments that run here.", no_args_is_help=True)

Full = Annotated[
    bool,
    typer.Option("--full", help="The large form: minutes instead of seconds. An exact claim has none, and says why."),
]
Out = Annotated[Path, typer.Option(help="Folder for the page and the pictures.")]
Seed = Annotated[int, typer.Option(help="Of everything random.")]


@lab.command("list")
def list_() -> None:
    """List the experiments with their claims."""
    from rhobar.experiments import experiments

    width = max(map(len, experiments()))
    for experiment in experiments().values():
        typer.echo(f"{experiment.name:{width}}  {experiment.claim}")


@lab.command("run")
def run(
    name: Annotated[str, typer.Argument(help="An experiment, as `rhobar lab list` names it.")],
    full: Full = False,
    broken: Annotated[bool, typer.Option("--broken", help="Break the claim's assumption: it must fail.")] = False,
    seed: Seed = 0,
    out: Out = Path(".rhobar/lab"),
) -> None:
    """Run one experiment, print its numbers, and write its page and pictures.

    Exit code: 0 if the claim holds (with --broken, if it fails), 1 if not, 2 if there is no such experiment.
    """
    from rhobar.experiments import Setting, find

    try:
        experiment = find(name)
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if broken:
        typer.echo(f"Broken on purpose: {experiment.control}.")
    if full and experiment.exact:
        typer.echo(f"There is no larger form: {experiment.exact}")
    setting = Setting(full=full, broken=broken, seed=seed)
    ((_, result),) = _measured([experiment], setting, out)
    if result is None or result.holds is broken:
        raise typer.Exit(FAILED)


@lab.command("all")
def all_(full: Full = False, seed: Seed = 0, out: Out = Path(".rhobar/lab")) -> None:
    """Run all experiments and print a table of claims and verdicts.

    Exit code: 0 if every claim holds, 1 if one does not or could not be run.
    """
    from rich.console import Console
    from rich.table import Table

    from rhobar.experiments import Setting, experiments

    chosen = list(experiments().values())
    outcomes = _measured(chosen, Setting(full=full, seed=seed), out, quiet=True)
    table = Table("experiment", "verdict", "s", "claim", box=None, header_style="dim")
    missed = 0
    for experiment, (found, result) in zip(chosen, outcomes, strict=True):
        verdict = "not run" if result is None else result.verdict
        missed += verdict != "holds"
        style = "" if verdict == "holds" else "bold red"
        table.add_row(experiment.name, verdict, f"{found.seconds:.1f}", experiment.claim, style=style)
    console = Console(width=None if os.isatty(1) else 160)
    console.print(table)
    seconds = sum(found.seconds for found, _ in outcomes)
    console.print(f"{len(chosen) - missed} of {len(chosen)} claims hold; {seconds:.0f} s.", highlight=False)
    if missed:
        raise typer.Exit(FAILED)


def _measured(
    chosen: "Sequence[Experiment]", setting: "Setting", out: Path, *, quiet: bool = False
) -> "list[Measured]":
    """Run the experiments, print each unless `quiet`, and write one page and every picture."""
    from rich.console import Console
    from rich.progress import track

    from rhobar.experiments.reading import outcome
    from rhobar.report.readings import print_readings

    console, outcomes = Console(stderr=quiet), []
    for experiment in track(chosen, "Running", console=console, disable=not quiet, transient=True):
        outcomes.append(outcome(experiment, setting))
        if not quiet:
            print_readings(outcomes[-1][0], console)
    _written(chosen, outcomes, setting, out)
    return outcomes


def _written(chosen: "Sequence[Experiment]", outcomes: "list[Measured]", setting: "Setting", out: Path) -> None:
    from rhobar.report.readings import write_readings
    from rhobar.report.readings.drawings import draw
    from rhobar.report.standalone import standalone

    holding = sum(result is not None and result.holds for _, result in outcomes)
    readings = [found for found, _ in outcomes]
    name = chosen[0].name if len(chosen) == 1 else "all"
    facts = {"Form": "full" if setting.full else "small", "Seed": str(setting.seed)}
    heading = f"{holding} of {len(outcomes)} claims hold" if len(chosen) > 1 else readings[0].name
    try:
        page = write_readings(f"lab {name}", readings, out / f"{name}.html", facts, heading=heading, parts="Claims")
        for found in readings:
            for i, figure in enumerate(found.reading.figures if found.reading else ()):
                stem = re.sub(r"[^\w-]+", "_", found.name) + (f"-{i + 1}" if i else "")
                write_text(out / f"{stem}.svg", standalone(draw(figure)))
    except OSError as error:
        typer.echo(f"rhobar: could not write {error.filename or out}: {error.strerror or error}.", err=True)
        return
    typer.echo(f"\nPage: {page}")
