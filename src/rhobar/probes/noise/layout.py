"""Which rows of a tensor belong to which sample.

A tensor of R leading rows, flattened from (A, n, B), holds sample i in the rows (a n + i) B + b. Batch-first
networks have A = 1, time-first ones B = 1. The layout is found, not assumed: on the first two samples the gradient
of each one's loss is zero in the other's rows.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

__all__ = ["Layout", "find_layout"]


@dataclass(frozen=True)
class Layout:
    """Rows (A, n, B).

    Attributes:
        before: A.
        samples: n.
        after: B; -1 for whatever there is, where n = 1.
    """

    before: int
    samples: int
    after: int

    def by_sample(self, x: Tensor) -> Tensor:
        """Return (A n B, …) as (n, A B, …)."""
        shape = x.shape[1:]
        split = x.reshape(self.before, self.samples, self.after, *shape).transpose(0, 1)
        return split.reshape(self.samples, self.before * self.after, *shape)


def find_layout(first: Bool[Tensor, " rows"], second: Bool[Tensor, " rows"], samples: int) -> Layout | None:
    """Return the layout for `samples` that fits the rows touched by the first and by the second of two samples.

    Args:
        first: Rows in which the gradient of sample one of two is not zero.
        second: The same of sample two.
        samples: n of the layout to return.

    Returns:
        A layout; `None` if a row belongs to both or no layout fits. Where several fit, as for rows without any
        gradient, they differ only in what is zero, unless the gradient is zero by chance; the batch-first one is taken.
    """
    rows = first.numel()
    if rows % 2 or bool((first & second).any()):
        return None
    each = rows // 2
    if not (first[each:].any() or second[:each].any()):
        return Layout(1, samples, each)
    for before in (b for b in range(1, each + 1) if each % b == 0):
        layout = Layout(before, 2, each // before)
        owner = layout.by_sample(torch.arange(rows, device=first.device))
        if not (first[owner[1]].any() or second[owner[0]].any()):
            return Layout(before, samples, each // before)
    return None
