"""Language modelling: the next token from those before it."""

from collections.abc import Iterable
from typing import Any, ClassVar

from torch import Tensor
from torch.nn import functional as F

from rhobar.train.batches import Batches
from rhobar.train.tasks.task import Task
from rhobar.train.tasks.windows import Windows

__all__ = ["NextToken"]


class NextToken(Task):
    """Cross-entropy of the next token in nats, also the judgement.

    Textbook: C-§8.2
    """

    losses: ClassVar[tuple[str, ...]] = ("cross-entropy",)
    smooths: ClassVar[bool] = True
    length: ClassVar[int] = 128
    """Tokens of a window."""

    def loss(self, first: Any, second: Tensor) -> Tensor:  # noqa: ANN401 (a recurrent model hands out its state, too)
        """Return the mean cross-entropy over all places."""
        return self._entropy(first, second, self.label_smoothing)

    def judged_loss(self, first: Any, second: Tensor) -> Tensor:  # noqa: ANN401
        """Return the cross-entropy without smoothing."""
        return self._entropy(first, second, 0.0)

    def _entropy(self, answer: Any, targets: Tensor, smoothing: float) -> Tensor:  # noqa: ANN401
        logits = answer[0] if isinstance(answer, tuple) else answer
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), label_smoothing=smoothing)

    def batches(self, size: int) -> Iterable[Any]:
        """Return random windows, and the same one token later."""
        return Windows(self.data.train[0], self.length, size, lambda w: (w[:, :-1], w[:, 1:]), extra=1)

    def held_out(self, part: tuple[Tensor, ...]) -> Iterable[Any]:
        """Return windows side by side: no token is judged twice; at most the first 400."""
        windows = part[0].unfold(0, self.length + 1, self.length)[:400]
        return Batches(windows[:, :-1], windows[:, 1:], size=50, shuffle=False)
