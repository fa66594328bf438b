"""Early stopping: end when the validation no longer improves, and take the best weights back."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rhobar.train.step import Evaluation

__all__ = ["EarlyStopping", "Watchman"]


@dataclass(frozen=True)
class EarlyStopping:
    """When to stop.

    On a linear model, gradient descent that stops after t steps of η acts like a ridge of λ ≈ 1/(ηt).

    Attributes:
        patience: Epochs without improvement after which the training ends; None never ends it early, yet still takes
            the best weights back.
        monitor: ``"loss"`` or the name of a metric.
        maximize: Whether more is better.
        min_delta: How much better counts as an improvement.

    Raises:
        ValueError: If the patience is below 1 or min_delta negative.

    Example:
        >>> EarlyStopping(patience=5, monitor="accuracy", maximize=True).monitor
        'accuracy'

    Textbook: C-§7.2.3, A92
    """

    patience: int | None = 5
    monitor: str = "loss"
    maximize: bool = False
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        if (self.patience is not None and self.patience < 1) or not self.min_delta >= 0:
            raise ValueError(
                f"patience must be at least 1 or None and min_delta at least 0, got {self.patience} and "
                f"{self.min_delta}."
            )


class Watchman:
    """Counts the epochs without improvement and keeps the best weights.

    Args:
        rule: When to stop.
    """

    def __init__(self, rule: EarlyStopping) -> None:
        self.rule = rule
        self.best = -math.inf
        self.since = 0
        self.weights: dict[str, Tensor] = {}

    @torch.no_grad()
    def see(self, evaluation: Evaluation, model: nn.Module) -> bool:
        """Take note of an epoch's validation; return whether it is time to stop. NaN is never an improvement."""
        value = evaluation[self.rule.monitor] * (1 if self.rule.maximize else -1)
        if value > self.best + (self.rule.min_delta if math.isfinite(self.best) else 0.0):
            self.best, self.since = value, 0
            self.weights = {name: t.detach().clone() for name, t in model.state_dict().items()}
        else:
            self.since += 1
        return self.rule.patience is not None and self.since >= self.rule.patience

    def give_back(self, model: nn.Module) -> None:
        """Put the best weights into the model; it stays as it is if none were ever better than nothing."""
        if self.weights:
            model.load_state_dict(self.weights)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"best": self.best, "since": self.since, "weights": self.weights}

    def load(self, state: dict[str, Any]) -> None:
        """Put back what a checkpoint kept."""
        self.best, self.since, self.weights = state["best"], state["since"], state["weights"]
