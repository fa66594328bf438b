"""One way to divide the samples: what is fitted on, and what is held out."""

from dataclasses import dataclass

from jaxtyping import Int
from torch import Tensor

__all__ = ["Split", "folds_from", "num_folds_allowed"]


@dataclass(frozen=True)
class Split:
    """Indices to fit on and indices held out; together every sample once.

    Attributes:
        train: Samples to fit on, ascending.
        test: Samples held out, ascending.
    """

    train: Int[Tensor, " train"]
    test: Int[Tensor, " test"]


def folds_from(fold_of: Int[Tensor, " n"], num_folds: int) -> list[Split]:
    """Return the split of each fold: it is held out, the others are fitted on.

    Args:
        fold_of: The fold in which a sample is held out, 0 … K − 1.
        num_folds: K.

    Returns:
        K splits.

    Example:
        >>> import torch
        >>> [split.test.tolist() for split in folds_from(torch.tensor([0, 1, 0]), 2)]
        [[0, 2], [1]]
    """
    return [Split((fold_of != k).nonzero()[:, 0], (fold_of == k).nonzero()[:, 0]) for k in range(num_folds)]


def num_folds_allowed(num_folds: int, num_available: int, what: str) -> None:
    """Refuse a number of folds that leaves one of them empty.

    Raises:
        ValueError: If there are fewer than two folds, or more than there are things to spread over them.
    """
    if not 2 <= num_folds <= num_available:
        raise ValueError(
            f"num_folds must be between 2 and the number of {what}, {num_available}; got {num_folds}. "
            "Each fold is held out once and needs one at least."
        )
