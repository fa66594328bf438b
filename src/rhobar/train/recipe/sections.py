"""The sections of a recipe, one dataclass for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Choice", "Loss", "Regularisation", "Run"]


@dataclass(frozen=True)
class Choice:
    """Something chosen by name, with options of its own: model, data, optimizer or schedule.

    Attributes:
        name: Which one.
        options: Its own options; which there are depends on the name.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Loss:
    """What is minimised.

    Attributes:
        name: ``auto`` for the usual loss of the model's task.
        label_smoothing: ε: share of the target that is spread over all classes.
    """

    name: str = "auto"
    label_smoothing: float = 0.0


@dataclass(frozen=True)
class Regularisation:
    """What keeps the model simple, and the steps tame.

    Attributes:
        l1: Factor of Σ|w|.
        l2: Factor of ½Σw²; `weight_decay` of the optimizer is its own.
        mixup: α of Beta(α, α).
        ema: Decay of an exponential moving average of the weights.
        swa: Share of the last epochs whose weights are averaged.
        clip_norm: Largest norm of the gradient.
        clip_value: Largest component of the gradient.
        patience: Epochs without improvement of the validation after which to stop, with the best weights back.
    """

    l1: float = 0.0
    l2: float = 0.0
    mixup: float = 0.0
    ema: float | None = None
    swa: float | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    patience: int | None = None


@dataclass(frozen=True)
class Run:
    """How long, how large, on what.

    Attributes:
        epochs: Passes over the data.
        max_steps: End after this many updates.
        batch_size: Rows of a batch, over all processes.
        accumulate: Batches of an update.
        seed: Of weights, data order and dropout.
        device: Such as ``cpu`` or ``cuda``.
        amp: Compute in bfloat16 where that is safe.
        compile: Compile the model.
        strategy: For many processes.
    """

    epochs: int = 10
    max_steps: int | None = None
    batch_size: int = 64
    accumulate: int = 1
    seed: int = 0
    device: str = "cpu"
    amp: bool = False
    compile: bool = False
    strategy: Literal["ddp", "fsdp"] = "ddp"
