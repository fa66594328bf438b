"""Grouped splits: samples that belong together (one patient, one speaker, one day) are held out together.

Otherwise the held-out samples have siblings among those fitted on, and the estimate is too good.

Reference: Roberts et al. (2017), Cross-validation strategies for data with temporal, spatial, hierarchical structure.
"""

import torch
from jaxtyping import Int
from torch import Tensor

from rhobar.select.splits.split import Split, folds_from, num_folds_allowed

__all__ = ["grouped_k_fold"]


def grouped_k_fold(
    groups: Int[Tensor, " n"], num_folds: int = 5, *, generator: torch.Generator | None = None
) -> list[Split]:
    """Give whole groups to the folds, the largest first and each to the fold that is smallest so far.

    This is the longest-processing-time rule: the largest fold exceeds the best possible one by at most a third.

    Args:
        groups: To which group a sample belongs; any integers.
        num_folds: K, from 2 to the number of groups.
        generator: Decides among groups of equal size; ``None`` takes them in the order of their numbers.

    Returns:
        K splits; no group lies on both sides of one.

    Note:
        A `ValueError` is raised unless 2 ≤ K ≤ the number of groups.

    Example:
        >>> [split.test.tolist() for split in grouped_k_fold(torch.tensor([7, 7, 7, 8, 9]), 2)]
        [[0, 1, 2], [3, 4]]

    Reference: Graham (1969), Bounds on multiprocessing timing anomalies, theorem 2.
    Textbook: B66.
    """
    _, member, sizes = groups.cpu().unique(return_inverse=True, return_counts=True)
    num_folds_allowed(num_folds, sizes.numel(), "groups")
    order = torch.arange(sizes.numel())
    if generator is not None:
        order = torch.randperm(sizes.numel(), generator=generator)
    fold_of_group = torch.empty(sizes.numel(), dtype=torch.long)
    filled = torch.zeros(num_folds, dtype=torch.long)
    for group in order[sizes[order].argsort(descending=True, stable=True)]:
        smallest = filled.argmin()
        fold_of_group[group] = smallest
        filled[smallest] += sizes[group]
    return folds_from(fold_of_group[member], num_folds)
