"""Absolute error: the Laplace likelihood, whose best constant is the median.

Reference: Laplace (1774), Mémoire sur la probabilité des causes par les évènements.
"""

from jaxtyping import Float
from torch import Tensor
from torch.distributions import Laplace
from torch.nn import functional as F

from rhobar.nn.losses.contracts import require_floating, require_same_shape

__all__ = ["mae", "mae_formula", "mae_log_likelihood"]


def mae_formula(predictions: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Return (1/N) Σ |y − f|, the mean over all entries.

    Textbook: A35, C19
    """
    return (targets - predictions).abs().mean()


def mae(predictions: Tensor, targets: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return the absolute error, as torch computes it; at a residual of 0 its gradient is 0.

    Refused if a tensor is not of a floating dtype (TypeError); if the shapes differ (ValueError).

    Example:
        >>> import torch
        >>> mae(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
        tensor(1.)
    """
    require_floating(predictions=predictions, targets=targets)
    require_same_shape(predictions=predictions, targets=targets)
    loss: Tensor = F.l1_loss(predictions, targets, reduction=reduction)
    return loss


def mae_log_likelihood(predictions: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Return the mean of ln Laplace(y; f, 1), for which −ln p = |r| + ln 2."""
    value: Tensor = Laplace(predictions, 1.0).log_prob(targets).mean()
    return value
