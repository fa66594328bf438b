"""Exponential linear units: the identity above 0, a saturating exponential below.

References:
    Clevert, Unterthiner and Hochreiter (2016), Fast and accurate deep network learning by exponential linear units.
    Klambauer, Unterthiner, Mayr and Hochreiter (2017), Self-normalizing neural networks, equation 2 (SELU).
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["SELU_ALPHA", "SELU_SCALE", "elu", "elu_derivative", "selu", "selu_derivative"]

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946
"""α and λ that make mean 0 and variance 1 a stable fixed point: E[φ(u)] = 0 and E[φ(u)²] = 1 for u ~ N(0, 1)."""


def elu(z: Float[Tensor, "*shape"], alpha: float = 1.0) -> Float[Tensor, "*shape"]:
    """Return z for z > 0, else α (eᶻ − 1), in (−α, ∞).

    Differentiable at 0 for α = 1 only: the slope from the left is α.

    Textbook: A27, C10

    Example:
        >>> elu(torch.tensor([-1000.0, 0.0, 2.0]))
        tensor([-1.,  0.,  2.])
    """
    return torch.where(z > 0, z, alpha * torch.expm1(z.clamp(max=0)))


def elu_derivative(z: Float[Tensor, "*shape"], alpha: float = 1.0) -> Float[Tensor, "*shape"]:
    """Return 1 for z > 0, else α eᶻ.

    Textbook: A27
    """
    return torch.where(z > 0, torch.ones_like(z), alpha * torch.exp(z.clamp(max=0)))


def selu(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return λ elu(z, α) with the two constants that keep mean 0 and variance 1.

    Example:
        >>> selu(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 1.0507])
    """
    return SELU_SCALE * elu(z, SELU_ALPHA)


def selu_derivative(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return λ for z > 0, else λ α eᶻ; the slope jumps at 0 from λα ≈ 1.758 to λ ≈ 1.051."""
    return SELU_SCALE * elu_derivative(z, SELU_ALPHA)
