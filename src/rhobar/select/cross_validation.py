"""Cross-validation: what a procedure reaches on samples that it has not seen, with an error bar.

    CV = (1/n) Σ_k Σ_{i ∈ fold k} s_i = Σ_k (n_k/n) s̄_k

Folds of unequal size count by their size. The standard error treats the K fold means as independent draws,

    SE² = Σ_k w_k² (s̄_k − CV)² · K/(K − 1),   w_k = n_k/n,

which for equal folds is std(s̄)/√K. They are not quite independent: two trainings share (K − 2)/(K − 1) of their
samples, and no estimator of the variance is unbiased for every distribution (Bengio and Grandvalet 2004). It tends to
be too small; `correction="nadeau-bengio"` multiplies the variance by 1 + K·n_test/n_train, which suits comparisons.

References:
    Stone (1974), Cross-validatory choice and assessment of statistical predictions.
    Nadeau and Bengio (2003), Inference for the generalization error, eq. (7).
    Bengio and Grandvalet (2004), No unbiased estimator of the variance of k-fold cross-validation.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from rhobar.select.splits import Split

__all__ = ["Correction", "CrossValidation", "cross_validate"]

Correction = Literal["none", "nadeau-bengio"]


@dataclass(frozen=True)
class CrossValidation:
    """What the held-out folds say.

    Attributes:
        value: The mean score of a held-out sample.
        stderr: Its standard error.
        scores: The score of each fold.
        sizes: How many samples each fold held out.
    """

    value: float
    stderr: float
    scores: tuple[float, ...]
    sizes: tuple[int, ...]


def cross_validate(
    score: Callable[[Split], float], splits: Iterable[Split], *, correction: Correction = "none"
) -> CrossValidation:
    """Score a procedure on every split.

    Args:
        score: Fits anew on `split.train` and returns the mean score over `split.test`. Whatever is learned from data
            must be learned inside: scaling and feature choice too.
        splits: Such as `k_fold` returns.
        correction: ``nadeau-bengio`` widens the error for the overlap of the trainings.

    Returns:
        The weighted mean, its standard error and the parts.

    Raises:
        ValueError: If there are fewer than two splits, or a name is unknown.

    Example:
        >>> import torch
        >>> from rhobar.select import k_fold
        >>> y = torch.tensor([1.0, 2.0, 3.0, 6.0])
        >>> found = cross_validate(lambda s: float((y[s.test] - y[s.train].mean()).square().mean()), k_fold(4, 2))
        >>> found.scores, found.value
        ((9.25, 11.25), 10.25)

    Textbook: B66, C94.
    """
    if correction not in ("none", "nadeau-bengio"):
        raise ValueError(f"correction must be 'none' or 'nadeau-bengio', got {correction!r}.")
    splits = list(splits)
    if len(splits) < 2:
        raise ValueError(f"At least 2 splits are needed for a standard error, got {len(splits)}.")
    scores = tuple(float(score(split)) for split in splits)
    sizes = tuple(split.test.numel() for split in splits)
    return _combine(scores, sizes, inflation=_inflation(splits, correction))


def _combine(scores: tuple[float, ...], sizes: tuple[int, ...], *, inflation: float = 1.0) -> CrossValidation:
    """Return the mean of fold scores weighted by size, with its standard error."""
    n, K = sum(sizes), len(scores)
    value = sum(size / n * s for size, s in zip(sizes, scores, strict=True))
    squares = sum((size / n * (s - value)) ** 2 for size, s in zip(sizes, scores, strict=True))
    return CrossValidation(value, (squares * K / (K - 1) * inflation) ** 0.5, scores, sizes)


def _inflation(splits: list[Split], correction: Correction) -> float:
    """Return 1 + K·n_test/n_train, with the mean ratio where folds differ."""
    if correction == "none":
        return 1.0
    ratios = [split.test.numel() / split.train.numel() for split in splits]
    return 1.0 + sum(ratios)
