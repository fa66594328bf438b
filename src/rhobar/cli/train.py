"""``rhobar train``: a training from a recipe, watched from the first step to the diagnosis."""

import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rhobar.cli.files import Files
from rhobar.cli.run import BITES, FailOn, bites

if TYPE_CHECKING:
    from rhobar.record import Diagnosis, Record
    from rhobar.train.presets import Preset
    from rhobar.train.recipe import Assembly, Recipe

__all__ = ["train"]

_LINES = 10
"""Epochs that are printed, about."""


def train(
    recipe: Annotated[str, typer.Argument(help="A TOML file, or the name of a preset (see --list).")] = "",
    listed: Annotated[bool, typer.Option("--list", help="List the presets: promises, and what was measured.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print the recipe as TOML, and train nothing.")] = False,
    model: Annotated[str | None, typer.Option(help="[model] name.")] = None,
    data: Annotated[str | None, typer.Option(help="[data] name.")] = None,
    path: Annotated[str | None, typer.Option(help="[data] path, for text.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="[optimizer] name.")] = None,
    rate: Annotated[float | None, typer.Option(help="[optimizer] rate.")] = None,
    schedule: Annotated[str | None, typer.Option(help="[schedule] name.")] = None,
    epochs: Annotated[int | None, typer.Option(help="[training] epochs.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="[training] batch_size.")] = None,
    seed: Annotated[int | None, typer.Option(help="[training] seed.")] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", help="Any other value: section.key=value (repeat for several).")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Keep the state of the training in this file, and go on from it.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for report and record [.rhobar/<name>-<time>].")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the diagnosis as JSON to this file as well.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the HTML report to this file as well.")] = None,
    budget: Annotated[float, typer.Option(help="Share of the run time that watching may add.")] = 0.05,
    mute: Annotated[list[str] | None, typer.Option(help="Leave out a finding (repeat for several).")] = None,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with code 3 if such a finding is made.")] = FailOn.never,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing; only write the files.")] = False,
) -> None:
    """Train by a recipe, or by options, and say what kept it from learning, if anything did."""
    from rhobar.train.data import MissingData
    from rhobar.train.recipe import RecipeError

    if not budget > 0:
        raise typer.BadParameter(f"--budget must be a positive share of the run time such as 0.05, got {budget}.")
    if listed:
        _list()
        return
    given = {
        "model.name": model, "data.name": data, "data.path": path, "optimizer.name": optimizer, "optimizer.rate": rate,
        "schedule.name": schedule, "training.epochs": epochs, "training.batch_size": batch_size, "training.seed": seed,
    }  # fmt: skip
    try:
        chosen, preset = _chosen(recipe)
        said = {key: value for key, value in given.items() if value is not None}
        chosen = chosen.with_values({**said, **dict(map(_assignment, values or ()))})
        if show:
            typer.echo(chosen.to_toml())
            return
        assembly = chosen.assemble()
    except (RecipeError, MissingData, ValueError) as error:
        typer.echo(f"rhobar train: {error}", err=True)
        raise typer.Exit(2) from None
    name = re.sub(r"[^\w.-]+", "_", Path(recipe).stem) or f"{chosen.data.name}-{chosen.model.name}"
    folder = (out or Path(".rhobar") / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}").absolute()
    files = Files.of(folder, name, json, report, quiet, new=out is None)
    _, diagnosis = _watched(assembly, name, checkpoint, budget, frozenset(mute or ()), files, preset)
    if bites(fail_on, diagnosis):
        raise typer.Exit(BITES)


def _watched(
    assembly: "Assembly",
    name: str,
    checkpoint: Path | None,
    budget: float,
    mute: frozenset[str],
    files: Files,
    preset: "Preset | None",
) -> tuple["Record", "Diagnosis"]:
    """Train under watch; the diagnosis is made and written however the training ends."""
    from rhobar.diagnose.ranking import diagnose_record
    from rhobar.watch.watcher import Watcher

    first = files.store is not None
    say = _silent if files.quiet or not first else typer.echo
    watcher = Watcher(assembly.model, budget=budget, name=name, store=files.store)
    try:
        with watcher:
            _run(assembly, checkpoint, say)
        _judge(assembly, preset, say)
    finally:
        record = watcher.record
        diagnosis = diagnose_record(record, mute=mute)
        page = files.write(record, diagnosis) if first else None
        if first and not files.quiet:
            from rich.console import Console

            from rhobar.report.terminal import print_diagnosis

            print_diagnosis(record, diagnosis, Console(stderr=True), html_path=page)
    return record, diagnosis


def _run(assembly: "Assembly", checkpoint: Path | None, say: Any) -> None:  # noqa: ANN401
    """Go through the steps, and print about ten of the epochs."""
    epochs = assembly.recipe.training.epochs
    every = max(1, epochs // _LINES)
    shown = False if say is _silent or not sys.stderr.isatty() else None
    for step in assembly.steps(checkpoint=checkpoint, progress=shown):
        if step.validation is None or not (step.epoch % every == 0 or step.epoch == epochs):
            continue
        judged = {"loss": step.validation.loss, **step.validation.metrics}
        text = "  ".join(f"{name} {value:.4g}" for name, value in judged.items())
        say(f"epoch {step.epoch:>3}  step {step.number:>6}  loss {step.loss:.4g}  validation: {text}")


def _judge(assembly: "Assembly", preset: "Preset | None", say: Any) -> None:  # noqa: ANN401
    """Print the numbers on the test data."""
    scores = assembly.score()
    say("test: " + "  ".join(f"{name} {value:.4g}" for name, value in scores.items()))
    if preset is not None:
        verdict = "reached" if preset.reached(scores) else "missed"
        say(f"promise of the preset {preset.name}: {preset.promise}: {verdict}")


def _chosen(name: str) -> tuple["Recipe", "Preset | None"]:
    """Return the recipe of a file or of a preset; the default one for no name.

    Raises:
        RecipeError: If there is neither a file nor a preset of that name.
    """
    from rhobar.train.presets import PRESETS
    from rhobar.train.recipe import Recipe, RecipeError

    if not name:
        return Recipe(), None
    if name in PRESETS:
        return PRESETS[name].recipe(), PRESETS[name]
    if not Path(name).is_file() and not name.endswith(".toml"):
        raise RecipeError(f"there is neither a file nor a preset {name!r}; the presets are {', '.join(PRESETS)}.")
    return Recipe.load(name), None


def _assignment(text: str) -> tuple[str, Any]:
    """Read ``section.key=value``; the value is TOML, or else a text.

    Raises:
        RecipeError: If there is no equals sign.
    """
    import tomllib

    from rhobar.train.recipe import RecipeError

    key, equals, value = text.partition("=")
    if not equals:
        raise RecipeError(f"--set must be section.key=value, got {text!r}.")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def _list() -> None:
    from rhobar.train.presets import PRESETS

    width = max(map(len, PRESETS))
    promises = max(len(preset.promise) for preset in PRESETS.values())
    for preset in PRESETS.values():
        numbers = " ".join(f"{value:.4g}" for value in preset.measured) or "not measured"
        needs = f"  needs {preset.needs}" if preset.needs else ""
        typer.echo(
            f"{preset.name:{width}}  {preset.promise:{promises}}  {numbers:20}  about {preset.seconds:>4} s{needs}"
        )


def _silent(text: str) -> None:
    """Say nothing."""
