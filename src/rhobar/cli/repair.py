"""``rhobar repair``: search for the fewest changes that let a training learn, and prove them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rhobar.cli.factory import FactoryError, find_factory
from rhobar.watch.importing import when_imported
from rhobar.watch.launch import Ending, run_script

if TYPE_CHECKING:
    from rhobar.diagnose.repair import Attempt, Repair
    from rhobar.watch.watcher import Watcher

__all__ = ["repair"]

UNREPAIRED = 1
"""Exit code when nothing was better than the training as it is, or it could not be run again."""


def repair(
    context: typer.Context,
    target: Annotated[
        str, typer.Argument(help="A script with its own arguments, or MODULE:FACTORY.", metavar="SCRIPT|MODULE:FACTORY")
    ],
    budget: Annotated[str, typer.Option(help="Trainings that the search may take, the first one included.")] = "20x",
    epochs: Annotated[int, typer.Option(help="Rounds through the batches of a factory's training.", min=1)] = 20,
    seed: Annotated[int, typer.Option(help="Of the order of the batches and of everything random.")] = 0,
) -> None:
    """Search for the fewest changes that let a training learn, and measure them on data that chose nothing.

    A SCRIPT is run once as it is; then its first steps are run again with changes, on three of five of its first
    batches; one of five chooses, one of five reports. A FACTORY returns (model, loss, optimizer, batches, validation
    batches, test batches).

    Exit code: 0 if changes were found, 1 if none was better or the training cannot be run again, 2 if the command
    cannot be understood.
    """
    if ":" in target and not Path(target).exists():
        _factory(target, budget, epochs, seed)
        return
    session = _Session(target, budget, seed)
    when_imported("torch", session.attach)
    ending = run_script(target, context.args, on_end=session.finish)
    ending.leave(session.code)


def _factory(spec: str, budget: str, epochs: int, seed: int) -> None:
    try:
        make = find_factory(spec)
        from rhobar.diagnose.repair.problem import prepared
        from rhobar.diagnose.repair.search import repaired, trainings

        start, most = prepared(make()), trainings(budget)
    except (FactoryError, TypeError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    from rhobar.diagnose.trials.case import NotReplayable

    steps = max(1, epochs * len(start.case.batches) // start.case.loop.per_step)
    try:
        found = repaired(start, steps=steps, most=most, seed=seed, say=_say)
    except NotReplayable as reason:
        typer.echo(f"The training cannot be repaired: {str(reason).rstrip('.')}.", err=True)
        raise typer.Exit(UNREPAIRED) from reason
    print(found, file=sys.stderr)
    if not found.changes:
        raise typer.Exit(UNREPAIRED)


def _say(attempt: "Attempt") -> None:
    """One line a training, as it ends."""
    share = "" if attempt.accuracy is None else f", accuracy {attempt.accuracy:.1%}"
    changes = " and ".join(attempt.changes) or "as it is"
    print(f"  validation loss {attempt.loss:.4g}{share}: {changes}", file=sys.stderr, flush=True)


class _Session:
    """One script, from its first import of torch to its repair."""

    def __init__(self, script: str, budget: str, seed: int) -> None:
        self.script, self.budget, self.seed = script, budget, seed
        self.watcher: Watcher | None = None
        self.code: int | None = None

    def attach(self) -> None:
        """Called right after the script imported torch."""
        from rhobar.watch.watcher import Watcher

        self.watcher = Watcher(name=self.script, keep_start=True).start()

    def finish(self, ending: Ending) -> None:
        """Called after the script has ended, however it ended."""
        if self.watcher is None:
            print("rhobar: no training was seen: the script did not import torch.", file=sys.stderr)
            self.code = UNREPAIRED
            return
        self.watcher.stop()
        found = self._search(self.watcher)
        if found is None or not found.changes:
            self.code = UNREPAIRED

    def _search(self, watcher: "Watcher") -> "Repair | None":
        from rhobar.diagnose.repair.search import repaired, trainings
        from rhobar.diagnose.repair.watched import started
        from rhobar.diagnose.trials.case import NotReplayable

        longest = max(watcher.record.trainings, key=lambda t: len(t.losses), default=None)
        try:
            if longest is None:
                raise NotReplayable("no loss was differentiated")
            start, steps = started(watcher, longest)
            print(f"rhobar: the first {steps} steps, again and again:", file=sys.stderr)
            found = repaired(start, steps=steps, most=trainings(self.budget), seed=self.seed, say=_say)
        except (NotReplayable, ValueError) as reason:
            print(f"rhobar: the training cannot be repaired: {str(reason).rstrip('.')}.", file=sys.stderr)
            return None
        print(f"rhobar: {found}", file=sys.stderr)
        return found
