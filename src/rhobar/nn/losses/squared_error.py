"""Squared error: the Gaussian likelihood, with a fixed or a predicted variance.

References:
    Gauss (1809), Theoria motus corporum coelestium, book 2, section 3.
    Nix and Weigend (1994), Estimating the mean and variance of the target probability distribution.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Normal
from torch.nn import functional as F

from rhobar.nn.losses.contracts import require_floating, require_same_shape

__all__ = [
    "gaussian_nll",
    "gaussian_nll_formula",
    "gaussian_nll_log_likelihood",
    "mse",
    "mse_formula",
    "mse_log_likelihood",
]


def mse_formula(predictions: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Return (1/N) Σ (y − f)², the mean over all entries.

    Textbook: A33, A34, B8, C17, C18
    """
    return (targets - predictions).square().mean()


def mse(predictions: Tensor, targets: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return the squared error, as torch computes it.

    Its constant minimiser is the mean of the targets. There is no factor ½; the mean runs over all entries.

    Refused if a tensor is not of a floating dtype (TypeError); if the shapes differ: (n,) against (n, 1) would be
    broadcast to n² pairs (ValueError).

    Example:
        >>> mse(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
        tensor(2.)
    """
    require_floating(predictions=predictions, targets=targets)
    require_same_shape(predictions=predictions, targets=targets)
    loss: Tensor = F.mse_loss(predictions, targets, reduction=reduction)
    return loss


def mse_log_likelihood(predictions: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Return the mean of ln N(y; f, σ²) with σ² = ½, for which −ln p = r² + const.

    For another σ² it is −r² / (2σ²) + const: the same minimiser (Textbook: A42, B13).
    """
    value: Tensor = Normal(predictions, math.sqrt(0.5)).log_prob(targets).mean()
    return value


def gaussian_nll_formula(
    predictions: Float[Tensor, "*shape"], variance: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """Return the mean of (y − f)² / (2σ²) + ½ ln(2π σ²).

    For one σ² shared by all, the best is σ̂² = MSE.

    Textbook: A42
    """
    residual = targets - predictions
    return (residual.square() / (2 * variance) + torch.log(2 * math.pi * variance) / 2).mean()


def gaussian_nll(predictions: Tensor, variance: Tensor, targets: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return the negative Gaussian log-likelihood of a predicted mean and variance, as torch computes it.

    Torch clamps the variance at 1e-6.

    Refused if a tensor is not of a floating dtype (TypeError).

    Raises:
        ValueError: If the shapes differ or a variance is not positive.

    Example:
        >>> gaussian_nll(torch.zeros(1), torch.ones(1), torch.zeros(1))  # ½ ln 2π
        tensor(0.9189)
    """
    require_floating(predictions=predictions, variance=variance, targets=targets)
    require_same_shape(predictions=predictions, variance=variance, targets=targets)
    if not bool((variance > 0).all()):
        raise ValueError(
            f"variance must be positive, got values down to {variance.min().item():.6g}; predict its "
            "logarithm, or pass the output through softplus."
        )
    loss: Tensor = F.gaussian_nll_loss(predictions, targets, variance, full=True, reduction=reduction)
    return loss


def gaussian_nll_log_likelihood(
    predictions: Float[Tensor, "*shape"], variance: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """Return the mean of ln N(y; f, σ²)."""
    value: Tensor = Normal(predictions, variance.sqrt()).log_prob(targets).mean()
    return value
