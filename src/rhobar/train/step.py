"""What a training tells its caller: one `Step` for each update of the weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

__all__ = ["Evaluation", "Step"]


@dataclass(frozen=True)
class Evaluation:
    """A model judged on a data set.

    Attributes:
        loss: Mean over the rows, in the unit of the loss.
        metrics: Name ↦ mean over the rows.
        rows: How many rows there were.
    """

    loss: float
    metrics: Mapping[str, float]
    rows: int

    def __getitem__(self, name: str) -> float:
        """Return ``loss`` or a metric by its name.

        Raises:
            KeyError: If there is no such metric; the message lists those that there are.
        """
        if name == "loss":
            return self.loss
        if name not in self.metrics:
            raise KeyError(f"There is no metric {name!r}; there are {', '.join(['loss', *self.metrics])}.")
        return self.metrics[name]


@dataclass(frozen=True, eq=False)
class Step:
    """One update of the weights.

    The loss stays on its device until it is asked for, so that a loop that reads it every hundredth step waits for
    the device every hundredth step only.

    Attributes:
        number: Updates so far, this one included.
        epoch: Which pass over the data, from 1.
        rows: Samples that this update used, over all processes.
        rate: Learning rate of the first group at this update.
        value: The loss on those rows before the update, a scalar on the model's device.
        norm: Euclidean norm of the whole gradient before it was clipped; None unless `clip_norm` was asked for.
        ends_epoch: Whether it is the last of its epoch.
        validation: At the end of an epoch, the judgement on the validation data.
    """

    number: int
    epoch: int
    rows: int
    rate: float
    value: Tensor = field(repr=False)
    norm: Tensor | None = field(repr=False, default=None)
    ends_epoch: bool = False
    validation: Evaluation | None = None
    _save: Callable[[Path], None] | None = field(repr=False, default=None)

    @property
    def loss(self) -> float:
        """The loss as a number; waits for the device."""
        return float(self.value)

    @property
    def grad_norm(self) -> float | None:
        """The gradient's norm before clipping as a number; waits for the device."""
        return None if self.norm is None else float(self.norm)

    def save(self, path: str | Path) -> None:
        """Write the whole state of the training to a file from which `fit` continues bit for bit.

        Call it before the next step is asked for: the file holds the training as it is now.

        Args:
            path: The file; it is there whole or not at all.

        Raises:
            RuntimeError: If the step does not come from a training that runs.
        """
        if self._save is None:
            raise RuntimeError("Only a step that `fit` has just handed out can save its training; this one was made.")
        self._save(Path(path))
