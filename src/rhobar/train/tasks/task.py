"""What a task is: how a data set becomes batches, what is minimised, and by what the result is judged."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from rhobar.train.batches import Batches
from rhobar.train.data import DataSet
from rhobar.train.evaluate import evaluate
from rhobar.train.fit import fit
from rhobar.train.objective import Objective
from rhobar.train.step import Step

__all__ = ["EVALUATED", "Task"]

EVALUATED = 500
"""Rows of a batch in evaluation."""


class Task(ABC):
    """One task on one data set.

    Args:
        data: The data set.
        loss: Name of the loss, ``auto`` for the first of `losses`.
        label_smoothing: ε, for losses over classes.

    Raises:
        ValueError: If the task has no such loss, or smooths no labels.

    Attributes:
        metric: What the model is judged by; ``loss`` or a name in `metrics`.
        maximize: Whether more of it is better.
        losses: Names of the losses that fit the task, the usual one first.
        smooths: Whether the loss knows label smoothing.
    """

    metric: ClassVar[str] = "loss"
    maximize: ClassVar[bool] = False
    losses: ClassVar[tuple[str, ...]]
    smooths: ClassVar[bool] = False

    def __init__(self, data: DataSet, loss: str = "auto", label_smoothing: float = 0.0) -> None:
        if loss != "auto" and loss not in self.losses:
            raise ValueError(
                f"The task {type(self).__name__} is trained with {', '.join(self.losses)} or auto, got {loss!r}."
            )
        if label_smoothing and not self.smooths:
            raise ValueError(f"The task {type(self).__name__} has no labels to smooth; leave label_smoothing at 0.")
        self.data = data
        self.loss_name = self.losses[0] if loss == "auto" else loss
        self.label_smoothing = label_smoothing

    @abstractmethod
    def loss(self, first: Any, second: Any) -> Tensor:  # noqa: ANN401
        """Return the loss, called as `fit` calls it."""

    @property
    def metrics(self) -> Mapping[str, Objective]:
        """What else is judged after every epoch."""
        return {}

    def batches(self, size: int) -> Iterable[Any]:
        """Return the training batches."""
        return Batches(*self.data.train, size=size)

    def held_out(self, part: tuple[Tensor, ...]) -> Iterable[Any]:
        """Return the batches of a part that is only judged."""
        return Batches(*part, size=EVALUATED, shuffle=False)

    def steps(
        self,
        model: nn.Module,
        optimizer: Callable[[nn.Module], Optimizer],
        batch_size: int,
        options: Mapping[str, Any],
    ) -> Iterator[Step]:
        """Train a model; yield every step.

        Args:
            model: The network.
            optimizer: Makes the optimizer of a module.
            batch_size: Rows of a batch.
            options: Of `fit`.
        """
        return fit(
            model, self.loss, self.batches(batch_size), optimizer(model),
            validation=self.held_out(self.data.validation), metrics=self.metrics, **options,
        )  # fmt: skip

    def score(self, model: nn.Module) -> dict[str, float]:
        """Judge a model on the test data; the task's metric comes first."""
        result = evaluate(model, self.judged_loss, self.held_out(self.data.test), metrics=self.metrics)
        values = {"loss": result.loss, **result.metrics}
        return {self.metric: values.pop(self.metric), **values}

    def judged_loss(self, first: Any, second: Any) -> Tensor:  # noqa: ANN401
        """Return the loss by which the test is judged: without smoothing."""
        return self.loss(first, second)
