"""Stratified splits: every fold has the classes in the proportions of the whole.

Reference: Kohavi (1995), A study of cross-validation and bootstrap for accuracy estimation and model selection.
"""

import torch
from jaxtyping import Int
from torch import Tensor

from rhobar.select.splits.split import Split, folds_from, num_folds_allowed

__all__ = ["stratified_k_fold"]


def stratified_k_fold(
    labels: Int[Tensor, " n"], num_folds: int = 5, *, generator: torch.Generator | None = None
) -> list[Split]:
    """Deal the samples, sorted by class, to the folds in turn, like cards.

    A fold then holds ⌊n_c/K⌋ or ⌈n_c/K⌉ of the n_c samples of class c, and ⌊n/K⌋ or ⌈n/K⌉ samples in all.

    Args:
        labels: The class of each sample; any integers.
        num_folds: K, from 2 to the size of the largest class.
        generator: Shuffles the samples within their class; ``None`` keeps their order.

    Returns:
        K splits. A class of fewer than K samples is absent from some held-out folds.

    Raises:
        ValueError: Unless 2 ≤ K ≤ n, or if every class has fewer than K samples.

    Example:
        >>> [split.test.tolist() for split in stratified_k_fold(torch.tensor([0, 0, 0, 0, 1, 1]), 2)]
        [[0, 2, 4], [1, 3, 5]]

    Textbook: B66.
    """
    num_folds_allowed(num_folds, labels.numel(), "samples")
    largest = int(labels.unique(return_counts=True)[1].max())
    if num_folds > largest:
        raise ValueError(
            f"The largest class must have num_folds = {num_folds} samples at least, it has {largest}; "
            "take fewer folds, or k_fold if these are not classes."
        )
    order = torch.arange(labels.numel())
    if generator is not None:
        order = torch.randperm(labels.numel(), generator=generator)
    dealt = order[labels.cpu()[order].argsort(stable=True)]
    fold_of = torch.empty(labels.numel(), dtype=torch.long)
    fold_of[dealt] = torch.arange(labels.numel()) % num_folds
    return folds_from(fold_of, num_folds)
