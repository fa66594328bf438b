"""A recipe as something to repair: its model, loss, optimizer, data and loop, as `rhobar train` would run them."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.optim import LBFGS
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.optim.optimizer import Optimizer

from rhobar.diagnose.repair.problem import Problem
from rhobar.diagnose.trials.case import Loop, NotReplayable
from rhobar.train.recipe import Assembly, Recipe
from rhobar.train.tasks.windows import Windows

__all__ = ["left_out", "recipe_problem"]

JUDGED_ROWS = 32
"""Rows of a held-out batch: many batches give the comparison of two trainings its standard error."""
_NOT_RUN = ("l1", "l2", "mixup", "ema", "swa", "clip_value", "patience")


def recipe_problem(recipe: Recipe) -> Problem:
    r"""Return a recipe's training before its first step.

    Changes are chosen on the recipe's validation data and reported on its test data, as many steps long as the recipe
    says. Accumulation, clipping by norm and the schedule of rates are run; what is not, `left_out` names.

    Args:
        recipe: The training.

    Raises:
        NotReplayable: If its batches are no pairs of inputs and targets, or its optimizer is none of torch's own.

    Refused with RecipeError or MissingData as by `Recipe.assemble`.

    Example:
        >>> recipe = Recipe.parse("[training]\nepochs = 2\nbatch_size = 200")
        >>> problem = recipe_problem(recipe)
        >>> len(problem.batches), problem.steps
        (7, 14)
    """
    assembly = recipe.assemble()
    task, run, optimizer = assembly.task, recipe.training, assembly.optimizer()
    if not type(optimizer).__module__.startswith("torch.optim.") or isinstance(optimizer, LBFGS):
        raise NotReplayable(
            f"{recipe.optimizer.name} needs more than one gradient a step or the model itself, and a repair runs "
            "torch's own optimizers of one gradient a step; name sgd, adam or adamw"
        )
    source: Any = task.batches(run.batch_size)
    an_epoch = -(-len(source) // run.accumulate)
    steps = min(run.epochs * an_epoch, run.max_steps or run.epochs * an_epoch)
    loop = Loop(
        per_step=run.accumulate, scale=1 / run.accumulate, clip=recipe.regularisation.clip_norm,
        rates=_rates(assembly, steps, an_epoch), shuffled=not isinstance(source, Windows),
    )  # fmt: skip
    batches = [_pair(batch) for batch in islice(source, steps * run.accumulate)]
    validation, test = ([*_small(task.held_out(part))] for part in (assembly.data.validation, assembly.data.test))
    return Problem(assembly.model, task.loss, optimizer, batches, validation, test, loop, steps)


def left_out(recipe: Recipe) -> tuple[str, ...]:
    r"""Return what the recipe asks for and a repair's trainings do without.

    Example:
        >>> left_out(Recipe.parse("[regularisation]\nmixup = 0.3\nclip_norm = 1.0"))
        ('mixup',)
    """
    options = recipe.regularisation
    missing = [name for name in _NOT_RUN if getattr(options, name)]
    missing += [name for name in ("amp", "compile") if getattr(recipe.training, name)]
    return (*missing, *(["the plateau schedule"] if recipe.schedule.name == "plateau" else []))


def _rates(assembly: Assembly, steps: int, epoch: int) -> tuple[float, ...]:
    """Return each step's rate in units of the optimizer's own."""
    optimizer: Optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = assembly.options()["schedule"](optimizer, steps, max(1, epoch))
    if isinstance(schedule, ReduceLROnPlateau):
        return ()
    rates = []
    for _ in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        schedule.step()
    return tuple(rates)


def _pair(batch: Any) -> tuple[Any, Tensor]:  # noqa: ANN401
    """Return the batch if it is inputs and targets.

    Raises:
        NotReplayable: If not.
    """
    if not (isinstance(batch, tuple) and len(batch) == 2):
        raise NotReplayable("the recipe's batches are no pairs of inputs and targets")
    return batch


def _small(batches: Iterable[Any]) -> Iterator[tuple[Any, Tensor]]:
    """Cut batches into batches of few rows."""
    for batch in batches:
        inputs, targets = _pair(batch)
        several = isinstance(inputs, tuple)
        parts = [t.split(JUDGED_ROWS) for t in (*(inputs if several else (inputs,)), targets)]
        for *first, last in zip(*parts, strict=True):
            yield (tuple(first) if several else first[0]), last
