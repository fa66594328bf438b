"""Nested cross-validation: choose inside, judge outside.

The best of many cross-validated scores is too good, because the choice used them: of C candidates that are all pure
noise the best looks about √(2 ln C) standard errors better than it is. So each outer fold is held out from the choice
as well: the inner folds choose on the outer training samples alone, and the outer fold judges what was chosen.

References:
    Varma and Simon (2006), Bias in error estimation when using cross-validation for model selection.
    Cawley and Talbot (2010), On over-fitting in model selection and subsequent selection bias.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jaxtyping import Int
from torch import Tensor

from rhobar.select.cross_validation import Correction, CrossValidation, cross_validate
from rhobar.select.splits import Split

__all__ = ["NestedCrossValidation", "nested_cross_validate"]


@dataclass(frozen=True)
class NestedCrossValidation:
    """What the procedure “choose, then fit” reaches.

    Attributes:
        outer: The scores of the choices on the outer folds: the honest estimate.
        chosen: The position of the candidate that each outer fold's inner folds chose.
        inner: The inner score of each choice, which is optimistic.
    """

    outer: CrossValidation
    chosen: tuple[int, ...]
    inner: tuple[float, ...]


def nested_cross_validate(
    score: Callable[[Any, Split], float],
    candidates: Sequence[Any],
    outer: Iterable[Split],
    inner: Callable[[Int[Tensor, " train"]], Iterable[Split]],
    *,
    higher_is_better: bool,
    correction: Correction = "none",
) -> NestedCrossValidation:
    """Judge the choice among candidates on samples that had no part in it.

    Args:
        score: (candidate, split) ↦ mean score over `split.test` after fitting on `split.train`.
        candidates: Settings to choose among.
        outer: Splits of all samples.
        inner: Training indices of an outer split ↦ splits of the positions 0 … len − 1 within them, such as
            ``lambda train: k_fold(len(train), 4)``.
        higher_is_better: Whether a score is a gain (accuracy) or a loss.
        correction: Of the outer standard error; see `cross_validate`.

    Returns:
        The honest estimate, and what each fold chose.

    Raises:
        ValueError: If there is no candidate.

    Example:
        >>> import torch
        >>> from rhobar.select import k_fold
        >>> y = torch.tensor([1.0, 1.0, 1.0, 3.0, 3.0, 3.0])
        >>> def shrunk(factor, split):
        ...     return float((y[split.test] - factor * y[split.train].mean()).square().mean())
        >>> found = nested_cross_validate(
        ...     shrunk,
        ...     [0.0, 1.0],
        ...     k_fold(6, 3, generator=torch.Generator().manual_seed(0)),
        ...     lambda train: k_fold(len(train), 2),
        ...     higher_is_better=False,
        ... )
        >>> found.chosen
        (1, 1, 1)

    Textbook: B66.
    """
    if not candidates:
        raise ValueError("At least one candidate is needed to choose from, got none.")
    sign = 1.0 if higher_is_better else -1.0
    chosen, best_inner = [], []

    def judge(split: Split) -> float:
        within = [Split(split.train[part.train], split.train[part.test]) for part in inner(split.train)]
        means = [cross_validate(lambda part, c=c: score(c, part), within).value for c in candidates]  # type: ignore[misc]
        best = max(range(len(means)), key=lambda i: sign * means[i])
        chosen.append(best)
        best_inner.append(means[best])
        return score(candidates[best], split)

    judged = cross_validate(judge, outer, correction=correction)
    return NestedCrossValidation(judged, tuple(chosen), tuple(best_inner))
