"""Membership inference: can the training data be told from the losses?

    gap         mean loss held out − mean loss on the training data
    advantage   max_t P(ℓ_train ≤ t) − P(ℓ_held ≤ t)           of an attack by a threshold t
    AUC         P(ℓ_train < ℓ_held) + ½ P(equal)                ½ if nothing can be told

The advantage is a maximum over thresholds and positive by chance: it is given beside what chance would show.

References:
    Yeom, Giacomelli, Fredrikson and Jha (2018), Privacy risk in machine learning, definition 4 and attack 2.
    Hanley and McNeil (1982), The meaning and use of the area under a ROC curve; DeLong et al. (1988), eq. 5.
    Kolmogorov (1933), on the distribution of the largest difference.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.estimate import Estimate
from rhobar.probes.samples import checked_samples

__all__ = ["MembershipGap", "membership_gap"]


@dataclass(frozen=True)
class MembershipGap:
    """What the losses tell of membership.

    Attributes:
        gap: In the loss's unit.
        auc: Area under the curve of the attack.
        advantage: Of the best threshold, on the data it was chosen by.
        chance: Advantage that would be exceeded in one of twenty cases if nothing could be told.
    """

    gap: Estimate
    auc: Estimate
    advantage: float
    chance: float


def membership_gap(train: Float[Tensor, " members"], held_out: Float[Tensor, " others"]) -> MembershipGap:
    """Compare the losses of training samples with those of others.

    Args:
        train: Loss of each training sample.
        held_out: Loss of each sample that was not trained on.

    Note:
        A `ValueError` is raised for fewer than two samples of either, or a loss that is not finite.

    Example:
        >>> found = membership_gap(torch.tensor([0.1, 0.2, 0.3]), torch.tensor([1.0, 2.0, 3.0]))
        >>> found.auc.value, found.advantage
        (1.0, 1.0)
    """
    a, b = checked_samples(train, "train")[:, 0], checked_samples(held_out, "held_out")[:, 0]
    m, n = a.numel(), b.numel()
    gap = Estimate((b.mean() - a.mean()).item(), (a.var() / m + b.var() / n).sqrt().item())
    above, below = _placements(a, b)
    variance = above.var() / m + below.var() / n
    points = torch.cat([a, b]).sort().values
    shares = [torch.searchsorted(x.sort().values, points, right=True).double() / x.numel() for x in (a, b)]
    chance = 1.2239 * ((m + n) / (m * n)) ** 0.5  # the one-sided 95 % point: √(−½ ln 0.05)
    return MembershipGap(gap, Estimate(above.mean().item(), variance.sqrt().item()), _best(*shares), chance)


def _placements(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return for each a the share of b above it, and for each b the share of a below it, ties counting half."""
    return _share_below(-a, -b), _share_below(b, a)


def _share_below(x: Tensor, others: Tensor) -> Tensor:
    ordered = others.sort().values
    left, right = (torch.searchsorted(ordered, x, right=side).double() for side in (False, True))
    return (left + right) / (2 * others.numel())


def _best(first: Tensor, second: Tensor) -> float:
    return max((first - second).max().item(), 0.0)
