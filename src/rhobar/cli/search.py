"""``rhobar search``: try settings of a recipe, with several processes, and go on after a kill."""

import enum
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rhobar.select.recipe_search import Plan
    from rhobar.select.search import Search

__all__ = ["search"]


class Method(enum.StrEnum):
    """How the next trial is chosen."""

    bayesian = "bayesian"
    random = "random"
    grid = "grid"


def search(
    recipe: Annotated[Path, typer.Argument(help="A recipe in TOML with a section [search].")],
    trials: Annotated[int, typer.Option(min=1, help="How many in all, those of earlier calls included.")] = 50,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the trials.")] = 1,
    method: Annotated[Method, typer.Option(help="How the next trial is chosen.")] = Method.bayesian,
    storage: Annotated[str, typer.Option(help="Optuna URL [sqlite:///.rhobar/search/<recipe>.db].")] = "",
    name: Annotated[str, typer.Option(help="Of the search within the storage [the recipe's name].")] = "",
    seed: Annotated[int, typer.Option(help="Of the search.")] = 0,
    prune: Annotated[bool, typer.Option(help="Give bad trials up early.")] = True,
    out: Annotated[Path | None, typer.Option(help="Write the recipe of the best trial to this file.")] = None,
    as_worker: Annotated[bool, typer.Option("--as-worker", hidden=True)] = False,
) -> None:
    """Try settings of RECIPE; started again it goes on, on other hosts with the same storage it helps."""
    from rhobar.select.recipe_search import read_plan, search_recipe
    from rhobar.train.recipe import RecipeError

    storage = storage or f"sqlite:///.rhobar/search/{recipe.stem}.db"
    name = name or recipe.stem
    if as_worker:
        _end_with_parent()
    try:
        plan = read_plan(recipe)
        if workers > 1:
            from rhobar.select.search.shared import Shared

            of, kind = plan.words, method.value
            Shared(storage, name, maximize=plan.maximize, method=kind, seed=seed, of=of)  # make the tables once
            options = {"trials": trials, "method": kind, "storage": storage, "name": name, "seed": seed}
            _share(workers, recipe, [*(f"--{k}={v}" for k, v in options.items()), "--prune" if prune else "--no-prune"])
        found = search_recipe(
            plan, num_trials=trials, method=method.value, prune=prune, storage=storage, name=name, seed=seed
        )  # with several workers the trials are made by now, and this reads them
    except (RecipeError, ValueError, ImportError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if not as_worker:
        _tell(plan, found, out)


def _share(workers: int, recipe: Path, options: list[str]) -> None:
    """Run the trials in processes of their own; each gets its part of the processor's cores.

    They share standard error with this one, and end when this one is killed.
    """
    cores = str(max(1, (os.cpu_count() or 1) // workers))
    environment = {"OMP_NUM_THREADS": cores, **os.environ}
    command = [sys.executable, "-m", "rhobar", "search", str(recipe), *options, "--as-worker"]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) for _ in range(workers)]
    codes = [process.wait() for process in running]
    if any(codes):
        typer.echo(f"{sum(map(bool, codes))} of {workers} workers failed; the same command goes on.", err=True)
        raise typer.Exit(1)


def _end_with_parent() -> None:
    """End this process when the one that started it is gone: its end of the pipe closes."""

    def watch() -> None:
        while os.read(0, 1):  # not sys.stdin, whose lock would be held when the interpreter ends
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _tell(plan: "Plan", found: "Search", out: Path | None) -> None:
    """Print the best trials, and write the best recipe."""
    from rhobar.cli.files import write_text

    if found.best is None:
        typer.echo("No trial has finished.", err=True)
        raise typer.Exit(1)
    pruned = sum(trial.pruned for trial in found.trials)
    typer.echo(f"{len(found.trials)} trials, {pruned} of them given up early. The best:")
    finished = [t for t in found.trials if not t.pruned and t.value is not None]
    finished.sort(key=lambda t: (-1 if plan.maximize else 1) * (t.value or 0.0))
    for trial in finished[:5]:
        settings = ", ".join(f"{k} = {f'{v:.4g}' if isinstance(v, float) else v}" for k, v in trial.settings.items())
        typer.echo(f"{trial.value:10.5f}  trial {trial.number:3}  {settings}")
    if out is not None:
        write_text(out, plan.recipe.with_values(dict(found.best.settings)).to_toml())
        typer.echo(f"The best trial's recipe: {out}")
