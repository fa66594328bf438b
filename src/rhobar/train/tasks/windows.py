"""Random windows of one long sequence of tokens."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

__all__ = ["Windows"]


class Windows:
    """Batches of windows that begin anywhere; an epoch is as many as would cover the text once.

    Args:
        tokens: The text.
        length: Tokens of a window.
        size: Windows of a batch.
        make: What a batch of windows becomes.
        extra: Tokens beyond the length, such as the one to be predicted.

    Raises:
        ValueError: If the text is shorter than a window.

    Example:
        >>> windows = Windows(torch.arange(100), 10, 2, lambda w: w)
        >>> len(windows), next(iter(windows)).shape
        (5, torch.Size([2, 10]))
    """

    def __init__(
        self,
        tokens: Int[Tensor, " n"],
        length: int,
        size: int,
        make: Callable[[Tensor], Any],
        *,
        extra: int = 0,
    ) -> None:
        if len(tokens) < length + extra:
            raise ValueError(f"the text must hold at least {length + extra} tokens, got {len(tokens)}.")
        self.windows = tokens.unfold(0, length + extra, 1)
        self.size, self.make = size, make
        self.number = max(1, len(tokens) // (length * size))

    def __len__(self) -> int:
        """Batches an epoch."""
        return self.number

    def __iter__(self) -> Iterator[Any]:
        """Draw the windows of an epoch."""
        for _ in range(self.number):
            yield self.make(self.windows[torch.randint(len(self.windows), (self.size,))])
