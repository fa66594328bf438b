"""Runs in the terminal: a line for each in a list, one as a whole, and where two of them part."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rhobar.record.reading import LayerReading, Moments
from rhobar.record.store import Change, Difference, Parting, Run, StoreError, TrainingDifference
from rhobar.record.training import Training
from rhobar.report.terminal import print_diagnosis
from rhobar.report.wording import clean, course, number, percent, plural, shorten

__all__ = ["print_difference", "print_run", "run_line", "unreadable_line"]

_MOST = 40
"""Layers of the latest reading that are printed."""


def run_line(run: Run) -> tuple[str, str]:
    """When a run began, and its line: folder, time, state, steps, loss, headline."""
    facts, courses = run.facts, run.courses
    steps = sum(len(losses) for _, losses in courses)
    losses = next((f"{number(values[0])} → {number(values[-1])}" for _, values in courses if values), "no loss")
    started = shorten(str(facts.get("started", "")), 25)
    headline = shorten(str(facts.get("headline", "")), 100)
    line = f"{_place(run)}  {started}  {run.state}  {plural(steps, 'step')}  {losses}  {headline}"
    return started, line.rstrip()


def unreadable_line(error: StoreError) -> tuple[str, str]:
    """A run that cannot be read, first in the list."""
    return "", f"unreadable: {shorten(str(error), 300)}"


def _place(run: Run) -> str:
    """The run's folder; its file as well where the folder holds several."""
    path = run.path if run.path.name != "run.db" else run.path.parent
    return clean(str(path))


def print_run(run: Run, console: Console) -> None:
    """Print how a run stands, its diagnosis if it has one, its course if not, and what was lost.

    Args:
        run: The run, ended or not.
        console: Where to print.
    """
    facts, diagnosis = run.facts, run.diagnosis
    console.print(Text(f"{clean(str(facts.get('name', '')))}: {run.state}, began {clean(str(facts.get('started')))}"))
    trainings = run.trainings
    for training in trainings:
        _training(training, console)
    for sentence in run.lost:
        console.print(Text(clean(sentence)))
    if diagnosis is not None:
        page = run.path.parent / "report.html"
        print_diagnosis(run.record, diagnosis, console, html_path=page if page.is_file() else None)


def _training(training: Training, console: Console) -> None:
    """Print what a training is, how its loss went, and its layers at the latest reading."""
    parts = [shorten(training.name, 60), plural(len(training.losses), "step")]
    if training.optimizer is not None:
        rate = f", lr {number(training.rates[-1])}" if training.rates else ""
        parts.append(shorten(training.optimizer.kind, 40) + rate)
    if losses := course(training):
        parts.append(f"loss {losses}")
    console.print(Text(", ".join(parts)))
    if training.readings and training.readings[-1].layers:
        reading = training.readings[-1]
        console.print(Text(f"Layers at step {reading.step:,}:"))
        console.print(_layers(reading.layers[:_MOST]))
        if len(reading.layers) > _MOST:
            console.print(Text(f"and {len(reading.layers) - _MOST:,} more layers"))


def _layers(layers: Iterable[LayerReading]) -> Table:
    table = Table("layer", "operation", "input rms", "output rms", "gradient rms", "dead", "saturated", box=None)
    for layer in layers:
        sizes = (_rms(layer.input), _rms(layer.output), _rms(layer.gradient))
        shares = ("" if share is None else percent(share) for share in (layer.dead, layer.saturated))
        cells = (shorten(layer.name, 40), shorten(layer.operation, 20), *sizes, *shares)
        table.add_row(*map(Text, cells))
    return table


def _rms(m: Moments | None) -> str:
    return "" if m is None else number(m.rms)


def print_difference(difference: Difference, console: Console) -> bool:
    """Print what differs between two runs; returns whether anything does."""
    lines = list(_lines(difference))
    for line in lines or ["The runs do not differ: the same settings, losses and readings."]:
        console.print(Text(line), soft_wrap=True, highlight=False)
    return bool(lines)


def _lines(difference: Difference) -> Iterator[str]:
    yield from _changes("Settings", difference.settings)
    yield from _changes("Environment", difference.environment)
    yield from _changes("Findings", difference.findings or ())
    for training in difference.trainings:
        yield from _parted(training)
    if difference.unpaired:
        yield f"In one run only: {', '.join(shorten(name, 60) for name in difference.unpaired)}."


def _changes(title: str, changes: tuple[Change, ...]) -> Iterator[str]:
    if changes:
        yield f"{title}:"
    for change in changes:
        yield f"  {shorten(change.name, 100)}: {_value(change.first)} → {_value(change.second)}"


def _value(value: object) -> str:
    return "none" if value is None else number(value, 6) if isinstance(value, float) else shorten(str(value), 100)


def _parted(training: TrainingDifference) -> Iterator[str]:
    if training.loss_step is None and training.parting is None:
        return
    yield f"Training of {shorten(training.name, 60)}, final loss {' → '.join(number(x, 5) for x in training.final)}:"
    if training.losses is not None:
        one, other = training.losses
        yield f"  first other loss: step {training.loss_step:,}, {one!r} → {other!r}"
    if training.parting is None:
        steps = plural(training.readings, "step")
        yield f"  no layer differs beyond its sampling error at the {steps} read in both"
    else:
        yield f"  first other reading: {_where(training.parting)}"


def _where(parting: Parting) -> str:
    if parting.quantity == "presence":
        which = "first" if parting.first else "second"
        return f"step {parting.step:,}, layer {shorten(parting.layer, 60)}, {parting.tensor}: in the {which} run only"
    what = (
        "loss" if not parting.layer else f"layer {shorten(parting.layer, 60)}, {parting.quantity} of {parting.tensor}"
    )
    error = f" ± {number(parting.stderr, 2)}" if parting.stderr else ""
    return f"step {parting.step:,}, {what}: {number(parting.first, 6)} → {number(parting.second, 6)}{error}"
