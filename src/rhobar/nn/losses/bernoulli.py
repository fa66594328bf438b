"""Binary cross-entropy: the Bernoulli likelihood.

Reference: Cox (1958), The regression analysis of binary sequences.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Bernoulli
from torch.nn import functional as F

from rhobar.nn.losses.contracts import require_floating, require_same_shape, require_unit_interval

__all__ = ["binary_cross_entropy", "binary_cross_entropy_formula", "binary_log_likelihood"]


def binary_cross_entropy_formula(
    logits: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """Return the mean of −y ln ŷ − (1 − y) ln(1 − ŷ) with ŷ = σ(z).

    As printed it overflows for large |z|; production uses max(z, 0) − z y + ln(1 + e^(−|z|)), which does not.

    Textbook: A36, A37, A43, C21
    """
    p = torch.sigmoid(logits)
    return (-targets * torch.log(p) - (1 - targets) * torch.log(1 - p)).mean()


def binary_cross_entropy(logits: Tensor, targets: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return the binary cross-entropy of raw scores, as torch computes it.

    Torch's ``binary_cross_entropy`` takes probabilities instead and clamps their logarithms at −100.

    Refused if a tensor is not of a floating dtype (TypeError); if the shapes differ or a target lies outside [0, 1]
    (ValueError).

    Example:
        >>> binary_cross_entropy(torch.tensor([1e4, -1e4]), torch.tensor([1.0, 1.0]), reduction="none")
        tensor([    0., 10000.])
    """
    require_floating(logits=logits, targets=targets)
    require_same_shape(logits=logits, targets=targets)
    require_unit_interval(targets=targets)
    loss: Tensor = F.binary_cross_entropy_with_logits(logits, targets, reduction=reduction)
    return loss


def binary_log_likelihood(logits: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Return the mean over E[ln Bernoulli(t; σ(z))] for t = 1 with probability y; a label y is its own case."""
    outcome = Bernoulli(logits=logits)
    ones = torch.ones_like(targets)
    value: Tensor = (targets * outcome.log_prob(ones) + (1 - targets) * outcome.log_prob(0 * ones)).mean()
    return value
