"""Sequence to sequence: read one, write another, token by token."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.train.batches import Batches
from rhobar.train.evaluate import accuracy
from rhobar.train.objective import Objective
from rhobar.train.tasks.task import EVALUATED, Task

__all__ = ["Translate"]


class Translate(Task):
    """Cross-entropy of each token given the right ones before it, judged by the share of sequences written right.

    In the test the model reads its own tokens (greedy decoding), and one wrong token makes the sequence wrong.
    """

    metric: ClassVar[str] = "accuracy"
    maximize: ClassVar[bool] = True
    losses: ClassVar[tuple[str, ...]] = ("cross-entropy",)
    smooths: ClassVar[bool] = True

    def loss(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the mean cross-entropy over all tokens."""
        return F.cross_entropy(first.flatten(0, 1), second.flatten(), label_smoothing=self.label_smoothing)

    @property
    def metrics(self) -> Mapping[str, Objective]:
        """Share of tokens that are right when those before are given."""
        return {"accuracy": accuracy}

    def batches(self, size: int) -> Iterable[Any]:
        """Return ((source, target without its end), target without its beginning)."""
        return _Pairs(Batches(*self.data.train, size=size))

    def held_out(self, part: tuple[Tensor, ...]) -> Iterable[Any]:
        """Return the same in order."""
        return _Pairs(Batches(*part, size=EVALUATED, shuffle=False))

    @torch.no_grad()
    def score(self, model: nn.Module) -> dict[str, float]:
        """Return the share of test sequences written right from the first token to the last."""
        source, target = self.data.test
        generate: Any = model.eval().generate
        written = generate(source.to(next(model.parameters()).device), int(target[0, 0]), target.shape[1] - 1).cpu()
        return {"accuracy": float((written == target).all(1).float().mean())}


class _Pairs:
    """Batches of source and target as the model and its loss want them."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Any:  # noqa: ANN401
        for source, target in self.batches:
            yield (source, target[:, :-1]), target[:, 1:]
