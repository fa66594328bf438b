"""K-fold splits: every sample is held out exactly once.

References:
    Stone (1974), Cross-validatory choice and assessment of statistical predictions.
    Geisser (1975), The predictive sample reuse method with applications.
"""

import torch

from rhobar.select.splits.split import Split, folds_from, num_folds_allowed

__all__ = ["k_fold"]


def k_fold(num_samples: int, num_folds: int = 5, *, generator: torch.Generator | None = None) -> list[Split]:
    """Divide the samples into K folds whose sizes differ by one at most; hold each out in turn.

    Args:
        num_samples: n.
        num_folds: K, from 2 to n; K = n leaves one out.
        generator: Shuffles the samples; ``None`` keeps their order, which suits only data without one.

    Returns:
        K splits; the first n mod K folds are the larger ones.

    Note:
        A `ValueError` is raised unless 2 ≤ K ≤ n.

    Example:
        >>> [split.test.tolist() for split in k_fold(5, 2)]
        [[0, 1, 2], [3, 4]]

    Textbook: B66, C94.
    """
    num_folds_allowed(num_folds, num_samples, "samples")
    order = torch.arange(num_samples) if generator is None else torch.randperm(num_samples, generator=generator)
    fold_of = torch.empty(num_samples, dtype=torch.long)
    for k, chosen in enumerate(torch.tensor_split(order, num_folds)):
        fold_of[chosen] = k
    return folds_from(fold_of, num_folds)
