"""What the estimators of intrinsic dimension share: distances to the nearest, and the error of an inverse mean."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rhobar.probes.estimate import blockwise

__all__ = ["IntrinsicDimension", "dimension_from", "nearest_distances"]


@dataclass(frozen=True)
class IntrinsicDimension:
    """An estimate of the dimension d.

    Attributes:
        value: d; it is not a whole number.
        stderr: Its standard error over the draw of the samples.
        num_samples: Different samples that were used.
    """

    value: float
    stderr: float
    num_samples: int


def nearest_distances(
    rows: Float[Tensor, "n features"], k: int, kept: Int[Tensor, " m"] | None = None
) -> Float[Tensor, "m k"]:
    """Return each point's distances to its k nearest others, ascending, among the points kept."""
    part = rows if kept is None else rows[kept]
    found = [_nearest(part, start, k) for start in range(0, part.shape[0], 512)]
    return torch.cat(found)


def _nearest(rows: Tensor, start: int, k: int) -> Tensor:
    block = rows[start : start + 512]
    d = torch.cdist(block, rows, compute_mode="donot_use_mm_for_euclid_dist")
    at = torch.arange(block.shape[0])
    d[at, start + at] = torch.inf
    return d.topk(k, largest=False).values


def dimension_from(
    rows: Float[Tensor, "n features"],
    inverse: Callable[[Tensor | None], Tensor],
    *,
    unbiased: Callable[[int], float],
    at_least: int,
) -> IntrinsicDimension:
    """Return d = c(n) / mean_i inverse_i of the different rows, with the error between blocks.

    Raises:
        ValueError: If too few rows are different.
    """
    _, first = torch.unique(rows, dim=0, return_inverse=True)
    order = torch.full((int(first.max()) + 1,), rows.shape[0]).scatter_reduce(
        0, first, torch.arange(first.numel()), "amin"
    )
    n = order.numel()
    if n < at_least:
        raise ValueError(
            f"x must hold at least {at_least} different samples, got {n} among {rows.shape[0]}; repeated ones have no "
            "distance."
        )

    def statistic(kept: Tensor) -> Tensor:
        return unbiased(kept.numel()) / inverse(order[kept]).mean()

    value, stderr = blockwise(statistic, n, least=3 * at_least)
    return IntrinsicDimension(value.item(), stderr.item(), n)
