"""Classification: one of several classes for each sample."""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from rhobar.train.evaluate import accuracy
from rhobar.train.objective import Objective
from rhobar.train.tasks.task import Task

__all__ = ["Classify"]


class Classify(Task):
    """Cross-entropy, judged by the share of right answers."""

    metric: ClassVar[str] = "accuracy"
    maximize: ClassVar[bool] = True
    losses: ClassVar[tuple[str, ...]] = ("cross-entropy",)
    smooths: ClassVar[bool] = True

    def loss(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the cross-entropy of logits and classes."""
        return F.cross_entropy(first, second, label_smoothing=self.label_smoothing)

    def judged_loss(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the cross-entropy without smoothing."""
        return F.cross_entropy(first, second)

    @property
    def metrics(self) -> Mapping[str, Objective]:
        """Accuracy."""
        return {"accuracy": accuracy}
