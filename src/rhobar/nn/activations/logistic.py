"""The saturating pair: sigmoid and hyperbolic tangent, one a shifted and scaled copy of the other.

References:
    Verhulst (1838), Notice sur la loi que la population suit dans son accroissement (the logistic curve).
    LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, section 4.4 (why tanh rather than sigmoid).
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["sigmoid", "sigmoid_derivative", "tanh", "tanh_derivative"]


def sigmoid(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return σ(z) = 1 / (1 + e⁻ᶻ), in (0, 1).

    Textbook: A21, C6

    Example:
        >>> sigmoid(torch.tensor([-1000.0, 0.0, 1000.0]))
        tensor([0.0000, 0.5000, 1.0000])
    """
    return 1 / (1 + torch.exp(-z))


def sigmoid_derivative(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return σ′(z) = σ(z) (1 − σ(z)) = σ(z) σ(−z), at most σ′(0) = ¼.

    The second form keeps all digits where σ(z) rounds to 1.

    Ten layers of it leave at most 0.25¹⁰ ≈ 9.5e-7 of a gradient, times what the weights add.

    Textbook: A21, A30, A62, C-§3.2.2, C-§7.1.1
    """
    return sigmoid(z) * sigmoid(-z)


def tanh(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return tanh z = 2 / (1 + e⁻²ᶻ) − 1 = 2 σ(2z) − 1, in (−1, 1); → ±1 for z → ±∞.

    Textbook: A20, A22, C7

    Example:
        >>> tanh(torch.tensor([-1000.0, 0.0, 1000.0]))
        tensor([-1.,  0.,  1.])
    """
    return 2 / (1 + torch.exp(-2 * z)) - 1


def tanh_derivative(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return tanh′ z = 1 − tanh² z = 4 σ(2z) σ(−2z), at most tanh′ 0 = 1.

    The second form keeps all digits where tanh z rounds to ±1.

    Textbook: A22, A30
    """
    return 4 * sigmoid(2 * z) * sigmoid(-2 * z)
