"""What is to be repaired: a model, its loss and optimizer, and three sets of batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from rhobar.diagnose.trials.case import Case, Loop
from rhobar.diagnose.trials.rest import kept_batches, made_case
from rhobar.record import Training
from rhobar.watch.exam_state import KeptBatch

__all__ = ["Prepared", "Problem", "prepared"]


@dataclass(frozen=True)
class Problem:
    """A training before its first step.

    Attributes:
        model: The network with its first weights.
        loss: ``loss(model(inputs), targets)``.
        optimizer: Over the model's parameters.
        batches: Training batches, pairs of inputs and targets.
        validation: Batches that changes are chosen on.
        test: Batches that nothing is chosen on; what is reported is measured there.
        loop: What happens between a batch and the next one.
        steps: Optimizer steps of one training; None for so many rounds through the batches as the repair is told.
    """

    model: nn.Module
    loss: Callable[..., Tensor]
    optimizer: Optimizer
    batches: Sequence[Any]
    validation: Sequence[Any]
    test: Sequence[Any]
    loop: Loop = field(default_factory=Loop)
    steps: int | None = None


@dataclass(frozen=True)
class Prepared:
    """A problem as a case to run, with its test batches apart and the steps that it asks for."""

    case: Case
    test: list[KeptBatch]
    steps: int | None = None

    def steps_of(self, epochs: int) -> int:
        """Return the optimizer steps of one training: its own, or those of so many rounds through the batches."""
        return self.steps or max(1, epochs * len(self.case.batches) // self.case.loop.per_step)


def prepared(made: object) -> Prepared:
    """Turn what `make` returned into a case.

    Raises:
        TypeError: If it is no `Problem` and no tuple of its six parts.
        ValueError: If one of its three sets of batches is empty.

    Refused (NotReplayable) if its batches are no pairs or its optimizer cannot be run again.
    """
    parts = made if isinstance(made, Problem) else None
    if isinstance(made, tuple | list) and len(made) == 6:
        proper = isinstance(made[0], nn.Module) and callable(made[1]) and isinstance(made[2], Optimizer)
        parts = Problem(*made) if proper else None
    if parts is None:
        raise TypeError(
            f"make must return (model, loss, optimizer, batches, validation batches, test batches), got {_kinds(made)}."
        )
    sets = {"batches": parts.batches, "validation": parts.validation, "test": parts.test}
    kept = {name: kept_batches(parts.model, parts.loss, list(given)) for name, given in sets.items()}
    empty = [name for name, batches in kept.items() if not batches]
    if empty:
        raise ValueError(f"each set must hold at least one batch, got none for {', '.join(empty)}.")
    training = Training(type(parts.model).__name__)
    case = made_case(parts.model, parts.optimizer, kept["batches"], kept["validation"], training)
    case.held_out, case.loop = True, parts.loop
    return Prepared(case, kept["test"], parts.steps)


def _kinds(made: object) -> str:
    if isinstance(made, tuple | list):
        return f"{len(made)} parts: {', '.join(type(part).__name__ for part in made)}"
    return type(made).__name__
