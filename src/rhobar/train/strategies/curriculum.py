"""Curriculum learning: easy samples first, the hard ones added as training goes on.

In epoch e the batches come from the easiest share of the samples,

    c(e) = min(1, c₀ + (1 − c₀)·e/E),

so that from epoch E on every sample takes part. Difficulty is a number that the caller supplies; the margin of a model
that was trained before, or of a simpler one, is a usual choice: m = z_y − max_{k≠y} z_k, difficult where it is small.

References:
    Bengio, Louradour, Collobert and Weston (2009), Curriculum learning.
    Hacohen and Weinshall (2019), On the power of curriculum learning in training deep networks, section 2.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ["Curriculum", "margins"]


def margins(logits: Float[Tensor, "n classes"], targets: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
    """By how much the right class leads, m = z_y − max_{k≠y} z_k; negative where the answer is wrong.

    Args:
        logits: z.
        targets: y.

    Returns:
        m; its negative is a difficulty.

    Example:
        >>> margins(torch.tensor([[3.0, 1.0], [0.0, 2.0]]), torch.tensor([0, 0]))
        tensor([ 2., -2.])

    Textbook: B71.
    """
    right = logits.gather(1, targets[:, None])[:, 0]
    others = logits.scatter(1, targets[:, None], float("-inf"))
    return right - others.amax(1)


class Curriculum:
    """Batches from the easiest samples first; each iteration is an epoch and widens the choice.

    Args:
        *tensors: Inputs and targets, or whatever belongs to a row.
        difficulty: One number a row; ties keep the order of the rows.
        size: Rows of a batch.
        full_after: E, the epoch from which on all rows take part.
        start: c₀, the share at the beginning.
        generator: Shuffles within the share.

    Raises:
        ValueError: If the first axes differ, or an argument is out of range.

    Example:
        >>> x = torch.tensor([0.0, 1.0, 2.0, 3.0])
        >>> lessons = Curriculum(x, difficulty=-x, size=2, full_after=1, start=0.5)
        >>> sorted(torch.cat(list(lessons)).tolist()), sorted(torch.cat(list(lessons)).tolist())
        ([2.0, 3.0], [0.0, 1.0, 2.0, 3.0])

    Textbook: B71.
    """

    def __init__(
        self,
        *tensors: Tensor,
        difficulty: Float[Tensor, " n"],
        size: int,
        full_after: int,
        start: float = 0.2,
        generator: torch.Generator | None = None,
    ) -> None:
        lengths = [len(t) for t in (*tensors, difficulty)]
        if len(lengths) < 2 or len(set(lengths)) > 1 or lengths[0] < 1:
            raise ValueError(f"Tensors with one common first axis are needed, the difficulty too; got {lengths}.")
        if size < 1 or full_after < 1 or not 0 < start <= 1:
            raise ValueError(
                f"size and full_after must be at least 1 and start in (0, 1], got {size}, {full_after} and {start}."
            )
        self.tensors, self.order = tensors, difficulty.argsort(stable=True)
        self.size, self.full_after, self.start, self.generator = size, full_after, start, generator
        self.epoch = 0

    def share(self, epoch: int) -> float:
        """Return c(e)."""
        return min(1.0, self.start + (1 - self.start) * epoch / self.full_after)

    def __iter__(self) -> Iterator[Tensor | tuple[Tensor, ...]]:
        """Iterate over the next epoch."""
        count = max(1, round(self.share(self.epoch) * len(self.order)))
        self.epoch += 1
        chosen = self.order[:count][torch.randperm(count, generator=self.generator).to(self.order.device)]
        for rows in chosen.split(self.size):
            parts = tuple(t[rows.to(t.device)] for t in self.tensors)
            yield parts if len(parts) > 1 else parts[0]
