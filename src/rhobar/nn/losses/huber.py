"""Huber's loss: squared near zero, absolute beyond δ, so that no residual pulls with more than δ.

Reference: Huber (1964), Robust estimation of a location parameter, section 4.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from rhobar.nn.losses.contracts import require_floating, require_same_shape

__all__ = ["huber", "huber_formula", "huber_log_likelihood", "huber_log_normalizer"]


def huber_formula(
    predictions: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"], delta: float = 1.0
) -> Float[Tensor, ""]:
    """Return the mean of ½ r² if |r| ≤ δ, else δ |r| − ½ δ²; once differentiable at δ, slope at most δ.

    Textbook: C20
    """
    r = targets - predictions
    return torch.where(r.abs() <= delta, r.square() / 2, delta * r.abs() - delta**2 / 2).mean()


def huber(predictions: Tensor, targets: Tensor, *, delta: float = 1.0, reduction: str = "mean") -> Tensor:
    """Return Huber's loss, as torch computes it; ``smooth_l1_loss(beta=δ)`` is this divided by δ.

    Refused if a tensor is not of a floating dtype (TypeError).

    Raises:
        ValueError: If the shapes differ or δ is not positive.

    Example:
        >>> huber(torch.tensor([0.5, 3.0]), torch.zeros(2), reduction="none")
        tensor([0.1250, 2.5000])
    """
    require_floating(predictions=predictions, targets=targets)
    require_same_shape(predictions=predictions, targets=targets)
    if not delta > 0:
        raise ValueError(f"delta must be a positive residual, got {delta}.")
    loss: Tensor = F.huber_loss(predictions, targets, delta=delta, reduction=reduction)
    return loss


def huber_log_normalizer(delta: float = 1.0) -> float:
    """Return ln Z of the density e^(−huber(r)) / Z: normal in the middle, with exponential tails.

    Z = √(2π) erf(δ/√2) + (2/δ) e^(−δ²/2)

    Example:
        >>> round(huber_log_normalizer(100.0), 6)  # no tails left: ½ ln 2π
        0.918939
    """
    normal = math.sqrt(2 * math.pi) * math.erf(delta / math.sqrt(2))
    return math.log(normal + 2 / delta * math.exp(-(delta**2) / 2))


def huber_log_likelihood(
    predictions: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"], delta: float = 1.0
) -> Float[Tensor, ""]:
    """Return the mean log-density of Huber's least favourable distribution, which torch does not have."""
    return -huber_formula(predictions, targets, delta) - huber_log_normalizer(delta)
