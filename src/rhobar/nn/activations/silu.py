"""Self-gated units: the input times a gate made of itself.

References:
    Elfwing, Uchibe and Doya (2018), Sigmoid-weighted linear units for neural network function approximation (SiLU).
    Ramachandran, Zoph and Le (2017), Searching for activation functions (Swish, with β).
    Misra (2019), Mish: a self regularized non-monotonic activation function.
"""

from jaxtyping import Float
from torch import Tensor

from rhobar.nn.activations.logistic import sigmoid, tanh, tanh_derivative
from rhobar.nn.activations.softplus import softplus

__all__ = ["mish", "mish_derivative", "swish", "swish_derivative"]


def swish(z: Float[Tensor, "*shape"], beta: float = 1.0) -> Float[Tensor, "*shape"]:
    """Return z σ(βz); β = 1 is torch's SiLU, with its minimum −0.278 at z ≈ −1.278.

    β → ∞ gives the ReLU, β = 0 half the identity. Near the GELU (the gap is at most 0.193), not equal to it.

    Textbook: A28, C11

    Example:
        >>> import torch
        >>> swish(torch.tensor([-1.0, 0.0, 1.0]))
        tensor([-0.2689,  0.0000,  0.7311])
    """
    return z * sigmoid(beta * z)


def swish_derivative(z: Float[Tensor, "*shape"], beta: float = 1.0) -> Float[Tensor, "*shape"]:
    """Return σ(βz) + βz σ(βz) σ(−βz); for β = 1 it crosses 0 at z ≈ −1.278, and is least, −0.0998, at z ≈ −2.40.

    Textbook: A28, A30
    """
    return sigmoid(beta * z) + beta * z * sigmoid(beta * z) * sigmoid(-beta * z)


def mish(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return z tanh(ln(1 + eᶻ)), with its minimum −0.309 at z ≈ −1.192.

    Example:
        >>> import torch
        >>> mish(torch.tensor([-1.0, 0.0, 1.0]))
        tensor([-0.3034,  0.0000,  0.8651])
    """
    return z * tanh(softplus(z))


def mish_derivative(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return tanh(s) + z tanh′(s) σ(z) with s = ln(1 + eᶻ)."""
    s = softplus(z)
    return tanh(s) + z * tanh_derivative(s) * sigmoid(z)
