"""``rhobar repair``: search for the fewest changes that let a training learn, and prove them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rhobar.cli.factory import FactoryError, called
from rhobar.watch.importing import when_imported
from rhobar.watch.launch import Ending, run_script

if TYPE_CHECKING:
    from collections.abc import Callable

    from rhobar.diagnose.repair import Attempt, Repair
    from rhobar.watch.watcher import Watcher

__all__ = ["repair"]

UNREPAIRED = 1
"""Exit code when nothing was better than the training as it is, or it could not be run again."""


def repair(
    context: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            help="A script with its own arguments, a recipe in TOML, or MODULE:FACTORY.",
            metavar="SCRIPT|RECIPE|MODULE:FACTORY",
        ),
    ],
    budget: Annotated[str, typer.Option(help="Trainings that the search may take, the first one included.")] = "20x",
    epochs: Annotated[
        int | None, typer.Option(help="Rounds through the batches [the recipe's own; 20 for a factory].", min=1)
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the order of the batches and of everything random.")] = 0,
) -> None:
    """Search for the fewest changes that let a training learn, and measure them on data that chose nothing.

    A SCRIPT is run once as it is; then its first steps are run again with changes, on three of five of its first
    batches; one of five chooses, one of five reports. A RECIPE, as of `rhobar train`, is chosen on its validation data
    and reported on its test data. A FACTORY returns (model, loss, optimizer, batches, validation batches, test
    batches).

    Exit code: 0 if changes were found, 1 if none was better or the training cannot be run again, 2 if the command
    cannot be understood.
    """
    script = not target.endswith(".toml") and (":" not in target or Path(target).exists())
    if context.args and not script:
        typer.echo(f"What follows {target} is understood of a script alone; write options before it.", err=True)
        raise typer.Exit(2)
    if target.endswith(".toml"):
        _recipe(target, budget, epochs, seed)
    elif not script:
        _made(lambda: called(target), budget, epochs or 20, seed)
    else:
        session = _Session(target, budget, seed)
        when_imported("torch", session.attach)
        ending = run_script(target, context.args, on_end=session.finish)
        ending.leave(session.code)


def _recipe(path: str, budget: str, epochs: int | None, seed: int) -> None:
    from rhobar.diagnose.repair.recipe import left_out, recipe_problem
    from rhobar.train.data import MissingData
    from rhobar.train.recipe import Recipe, RecipeError

    try:
        recipe = Recipe.load(path)
        recipe = recipe if epochs is None else recipe.with_values({"training.epochs": epochs})
    except RecipeError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if missing := left_out(recipe):
        print(f"The trainings do without the recipe's {', '.join(missing)}.", file=sys.stderr)

    def make() -> object:
        try:
            return recipe_problem(recipe)
        except (RecipeError, MissingData) as error:
            raise FactoryError(f"{path}: {error}") from error

    _made(make, budget, 1, seed)


def _made(make: "Callable[[], object]", budget: str, epochs: int, seed: int) -> None:
    """Repair what a function makes, and print it."""
    from rhobar.diagnose.repair import repair as search
    from rhobar.diagnose.trials.case import NotReplayable

    try:
        found = search(make, budget=budget, epochs=epochs, seed=seed, say=_say)
    except (FactoryError, TypeError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
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
