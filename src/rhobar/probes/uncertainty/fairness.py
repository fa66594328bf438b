"""How differently a classifier treats groups.

    demographic parity   max_g P(ŷ = 1 | g) − min_g P(ŷ = 1 | g)
    equal opportunity    the same of P(ŷ = 1 | y = 1, g)
    equalised odds       the larger of that and of P(ŷ = 1 | y = 0, g)
    accuracy             the same of P(ŷ = y | g)

With several groups the largest gap is positive by chance; the errors are those of the two groups that make it. Not all
gaps can be zero at once where groups have different rates of y (Kleinberg et al. 2017), so none of them is "the"
measure.

Textbook: C-§11.3.

References:
    Hardt, Price and Srebro (2016), Equality of opportunity in supervised learning, definitions 2.1 and 2.2.
    Kleinberg, Mullainathan and Raghavan (2017), Inherent trade-offs in the fair determination of risk scores.
"""

from dataclasses import dataclass, field

from jaxtyping import Int
from torch import Tensor

from rhobar.probes.estimate import Estimate, share_of
from rhobar.probes.samples import checked_labels

__all__ = ["FairnessGaps", "fairness_gaps"]


@dataclass(frozen=True)
class FairnessGaps:
    """The largest differences between groups.

    Attributes:
        demographic_parity: Of the rate at which the positive class is given.
        equal_opportunity: Of the true positive rate; NaN if fewer than two groups have positives.
        equalized_odds: Of the true or false positive rate, whichever differs more.
        accuracy: Of the accuracy.
        groups: Accuracy of each group.
        num_samples: Samples of each group.
    """

    demographic_parity: Estimate
    equal_opportunity: Estimate
    equalized_odds: Estimate
    accuracy: Estimate
    groups: dict[str, Estimate] = field(repr=False)
    num_samples: dict[str, int] = field(repr=False)


def fairness_gaps(
    predicted: Int[Tensor, " samples"], classes: Int[Tensor, " samples"], groups: Tensor, *, positive: int = 1
) -> FairnessGaps:
    """Compare a classifier's rates between groups.

    Args:
        predicted: Classes that it gave.
        classes: True classes.
        groups: The group of each sample.
        positive: The class that is the favourable one.

    Raises:
        ValueError: If shapes differ, or there are fewer than two groups.

    Example:
        >>> import torch
        >>> given, true = torch.tensor([1, 1, 0, 0]), torch.tensor([1, 1, 1, 1])
        >>> found = fairness_gaps(given, true, torch.tensor([0, 0, 1, 1]))
        >>> found.demographic_parity.value, found.equal_opportunity.value
        (1.0, 1.0)
    """
    if predicted.shape != classes.shape or predicted.dim() != 1:
        raise ValueError(
            f"predicted and classes must be one a sample, got {tuple(predicted.shape)} and {tuple(classes.shape)}."
        )
    names, index = checked_labels(groups, predicted.numel(), "groups")
    predicted, classes = predicted.cpu(), classes.cpu()
    given, true, right = predicted == positive, classes == positive, predicted == classes
    parts = [index == g for g in range(names.numel())]
    opportunity = _gap([given[part & true] for part in parts])
    alarms = _gap([given[part & ~true] for part in parts])
    wider = [gap for gap in (opportunity, alarms) if gap.value == gap.value]
    odds = max(wider, key=lambda gap: gap.value) if wider else opportunity
    labels = [str(name.item()) for name in names]
    return FairnessGaps(
        _gap([given[part] for part in parts]),
        opportunity,
        odds,
        _gap([right[part] for part in parts]),
        {label: share_of(right[part]) for label, part in zip(labels, parts, strict=True)},
        {label: int(part.sum()) for label, part in zip(labels, parts, strict=True)},
    )


def _gap(hits: list[Tensor]) -> Estimate:
    """Return the largest difference of shares and its error; groups without such samples are left out."""
    shares = sorted((share_of(h) for h in hits if h.numel()), key=lambda share: share.value)
    if len(shares) < 2:
        return Estimate(float("nan"), float("nan"))
    low, high = shares[0], shares[-1]
    return Estimate(high.value - low.value, (high.stderr**2 + low.stderr**2) ** 0.5)
