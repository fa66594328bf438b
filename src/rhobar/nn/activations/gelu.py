"""The Gaussian error linear unit: the input times the probability that a standard normal lies below it.

Reference: Hendrycks and Gimpel (2016), Gaussian error linear units, section 2.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["gelu", "gelu_derivative"]


def gelu(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return z Φ(z) = z · ½ [1 + erf(z / √2)], with its minimum −0.170 at z ≈ −0.752.

    Torch's ``approximate="tanh"`` is another function, up to 5e-4 away.

    Textbook: A24, C12

    Example:
        >>> gelu(torch.tensor([-1.0, 0.0, 1.0]))
        tensor([-0.1587,  0.0000,  0.8413])
    """
    return z * 0.5 * (1 + torch.erf(z / math.sqrt(2)))


def gelu_derivative(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return Φ(z) + z φ(z), φ the normal density: in [−0.129, 1.129], the extremes at ∓√2.

    Textbook: A24, A30
    """
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    return 0.5 * (1 + torch.erf(z / math.sqrt(2))) + z * density
