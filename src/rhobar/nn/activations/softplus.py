"""Softplus: the integral of the sigmoid, a ReLU without the kink.

Reference: Dugas, Bengio, Bélisle, Nadeau and Garcia (2001), Incorporating second-order functional knowledge.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.nn.activations.logistic import sigmoid

__all__ = ["softplus", "softplus_derivative"]


def softplus(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return ln(1 + eᶻ) = max(z, 0) + ln(1 + e^(−|z|)), in (0, ∞).

    Torch's returns z itself above a threshold of 20, which is off by 2e-9; set it to 40 for double precision.

    Example:
        >>> softplus(torch.tensor([-1000.0, 0.0, 1000.0]))
        tensor([0.0000e+00, 6.9315e-01, 1.0000e+03])
    """
    return z.clamp(min=0) + torch.log1p(torch.exp(-z.abs()))


def softplus_derivative(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return σ(z)."""
    return sigmoid(z)
