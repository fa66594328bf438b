"""The options of `fit`, checked."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rhobar.train.schedules import Schedule
from rhobar.train.stopping import EarlyStopping

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """What `fit` was asked for; its docstring says what each means.

    Raises:
        ValueError: If one is out of range or two do not go together.
    """

    epochs: int = 1
    max_steps: int | None = None
    schedule: Schedule | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    accumulate: int = 1
    l1: float = 0.0
    l2: float = 0.0
    mixup: float = 0.0
    ema: float | None = None
    swa: float | None = None
    stopping: EarlyStopping | None = None
    amp: bool = False
    compile: bool = False
    seed: int | None = None
    checkpoint: Path | None = None
    save_every: int | None = None
    strategy: Literal["ddp", "fsdp"] = "ddp"
    progress: bool | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "max_steps", "accumulate", "save_every"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int) and value >= 1):
                raise ValueError(f"{name} must be a whole number of at least 1, got {value}.")
        for name in ("l1", "l2", "mixup"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be at least 0, got {value}.")
        for name in ("clip_norm", "clip_value"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be positive, or None for no clipping, got {value}.")
        self._check_pairs()

    def _check_pairs(self) -> None:
        """Refuse what does not go together.

        Raises:
            ValueError: If two options contradict each other.
        """
        if self.swa is not None and not 0 < self.swa <= 1:
            raise ValueError(f"swa must be the share of the epochs to average, in (0, 1], got {self.swa}.")
        if self.ema is not None and self.swa is not None:
            raise ValueError("ema and swa are two averages that would both take the model's place; choose one.")
        if self.strategy not in ("ddp", "fsdp"):
            raise ValueError(f"strategy must be 'ddp' or 'fsdp', got {self.strategy!r}.")
        if self.strategy == "fsdp" and (self.ema is not None or self.swa is not None):
            raise ValueError("ema and swa copy the whole model, which fsdp is to avoid; use strategy='ddp' with them.")
        if self.save_every is not None and self.checkpoint is None:
            raise ValueError("save_every needs a checkpoint to write to; name one: checkpoint='run.safetensors'.")
