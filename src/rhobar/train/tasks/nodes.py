"""Node classification: some nodes of one graph are labelled, the others are to be."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.train.evaluate import accuracy
from rhobar.train.objective import Objective
from rhobar.train.tasks.task import Task

__all__ = ["Nodes"]


class Nodes(Task):
    """Cross-entropy over the labelled nodes; every part is the same graph with other labels known.

    Textbook: B78
    """

    metric: ClassVar[str] = "accuracy"
    maximize: ClassVar[bool] = True
    losses: ClassVar[tuple[str, ...]] = ("cross-entropy",)

    def loss(self, first: nn.Module, second: Any) -> Tensor:  # noqa: ANN401
        """Return the cross-entropy of a model on (features, adjacency, classes, which count)."""
        logits, classes = self._counted(first, second)
        return F.cross_entropy(logits, classes)

    def _counted(self, model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        features, adjacency, classes, mask = batch
        return model(features, adjacency)[mask], classes[mask]

    @property
    def metrics(self) -> Mapping[str, Objective]:
        """Accuracy over the nodes that count."""
        return {"accuracy": lambda model, batch: accuracy(*self._counted(model, batch))}

    def batches(self, size: int) -> Iterable[Any]:
        """Return the graph, whatever the size."""
        return self.held_out(self.data.train)
