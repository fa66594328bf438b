"""The identity: what a linear output layer applies, and the yardstick of all gains.

Textbook: A31
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["identity", "identity_derivative"]


def identity(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return φ(z) = z.

    Example:
        >>> identity(torch.tensor([-1.0, 2.0]))
        tensor([-1.,  2.])
    """
    return z


def identity_derivative(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return φ′(z) = 1."""
    return torch.ones_like(z)
