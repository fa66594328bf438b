"""A recipe made real: data, model, task and optimizer, and the steps of the training."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn
from torch.optim.optimizer import Optimizer

from rhobar.train.data import DataSet, load
from rhobar.train.randomness import seed_all
from rhobar.train.recipe.checking import RecipeError
from rhobar.train.recipe.models import MODELS
from rhobar.train.recipe.optimizers import OPTIMIZERS
from rhobar.train.recipe.schedule import SCHEDULES
from rhobar.train.step import Step
from rhobar.train.stopping import EarlyStopping
from rhobar.train.tasks import Task

if TYPE_CHECKING:
    from rhobar.train.recipe.recipe import Recipe

__all__ = ["Assembly"]


@dataclass(frozen=True, eq=False)
class Assembly:
    """What a recipe is made of.

    Attributes:
        recipe: The recipe.
        data: Its data set.
        task: Loss, batches and judgement.
        model: The network, with fresh weights.
    """

    recipe: "Recipe"
    data: DataSet
    task: Task
    model: nn.Module

    @classmethod
    def of(cls, recipe: "Recipe") -> "Assembly":
        """Read the data and build the model, under the recipe's seed.

        The data are split by the same seed, unless ``[data] seed`` says another.

        Raises:
            RecipeError: If the model cannot read the data.
        """
        seed = recipe.training.seed
        data = load(recipe.data.name, **{"seed": seed, **recipe.data.options})
        family = MODELS[recipe.model.name]
        if recipe.data.name not in family.data:
            raise RecipeError(f"{recipe.model.name} cannot read {recipe.data.name}; it reads {', '.join(family.data)}.")
        task = family.task(data, recipe.loss.name, recipe.loss.label_smoothing)
        seed_all(seed)
        model = family.build(data, **recipe.model.options).to(recipe.training.device)
        return cls(recipe, data, task, model)

    def optimizer(self, part: nn.Module | None = None) -> Optimizer:
        """Return a new optimizer for the model, or for a part of it."""
        choice = self.recipe.optimizer
        return OPTIMIZERS[choice.name](self.model if part is None else part, **choice.options)

    def options(self, *, checkpoint: str | Path | None = None, progress: bool | None = None) -> dict[str, Any]:
        """Return the options of `fit` that the recipe asks for."""
        regularisation, run, schedule = self.recipe.regularisation, self.recipe.training, self.recipe.schedule
        stopping = None
        if regularisation.patience is not None:
            stopping = EarlyStopping(regularisation.patience, self.task.metric, self.task.maximize)
        return {
            "epochs": run.epochs, "max_steps": run.max_steps, "accumulate": run.accumulate, "amp": run.amp,
            "compile": run.compile, "strategy": run.strategy, "l1": regularisation.l1, "l2": regularisation.l2,
            "mixup": regularisation.mixup, "ema": regularisation.ema, "swa": regularisation.swa,
            "clip_norm": regularisation.clip_norm, "clip_value": regularisation.clip_value, "stopping": stopping,
            "schedule": SCHEDULES[schedule.name](**schedule.options), "checkpoint": checkpoint, "progress": progress,
        }  # fmt: skip

    def steps(self, *, checkpoint: str | Path | None = None, progress: bool | None = None) -> Iterator[Step]:
        """Train; yield every step, as `fit` does.

        Args:
            checkpoint: As for `fit`.
            progress: As for `fit`.
        """
        options = self.options(checkpoint=checkpoint, progress=progress)
        return self.task.steps(self.model, partial(self.optimizer), self.recipe.training.batch_size, options)

    def score(self) -> dict[str, float]:
        """Judge the model on the test data: the task's own metric first."""
        return self.task.score(self.model)
