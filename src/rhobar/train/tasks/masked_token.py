"""Masked language modelling: hidden tokens from those on both sides."""

from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from rhobar.nn.losses import hide_tokens, masked_language
from rhobar.train.batches import Batches
from rhobar.train.tasks.task import Task
from rhobar.train.tasks.windows import Windows

__all__ = ["MaskedToken"]


class MaskedToken(Task):
    """Cross-entropy over the hidden tokens alone, in nats: 15 % are hidden, as BERT hides them.

    The mask is one token more than the text has. Held-out text is hidden once and for all, by a fixed seed.

    Textbook: C86, C-§8.2
    """

    losses: ClassVar[tuple[str, ...]] = ("masked-language",)
    length: ClassVar[int] = 64

    def loss(self, first: nn.Module, second: Any) -> Tensor:  # noqa: ANN401
        """Return the loss of a model on a batch (hidden text, text, where it is hidden)."""
        hidden, tokens, chosen = second
        return masked_language(first(hidden), tokens, chosen)

    def _hide(self, windows: Tensor, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor, Tensor]:
        vocabulary = self.data.outputs
        hidden, chosen = hide_tokens(windows, vocabulary=vocabulary, mask_token=vocabulary, generator=generator)
        chosen[:, 0] |= ~chosen.any(1)  # a window without a hidden token would have no loss
        return hidden, windows, chosen

    def batches(self, size: int) -> Iterable[Any]:
        """Return random windows, hidden anew each time."""
        return Windows(self.data.train[0], self.length, size, self._hide)

    def held_out(self, part: tuple[Tensor, ...]) -> Iterable[Any]:
        """Return windows side by side, hidden by a fixed seed; at most the first 1,000."""
        windows = part[0].unfold(0, self.length, self.length)[:1000]
        return Batches(*self._hide(windows, torch.Generator().manual_seed(0)), size=100, shuffle=False)
