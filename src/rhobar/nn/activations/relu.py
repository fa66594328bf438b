"""Rectifiers: the positive part, with or without a slope on the negative side.

References:
    Fukushima (1969), Visual feature extraction by a multilayered network of analog threshold elements.
    Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann machines.
    Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network acoustic models (leaky).
    He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, equation 1 (the slope is learned: PReLU).
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["leaky_relu", "leaky_relu_derivative", "relu", "relu_derivative"]


def relu(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return max(0, z), in [0, ∞).

    Textbook: A23, C8

    Example:
        >>> relu(torch.tensor([-1.0, 0.0, 2.0]))
        tensor([0., 0., 2.])
    """
    return torch.maximum(z, torch.zeros_like(z))


def relu_derivative(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return 1 for z > 0, else 0.

    At 0 there is no derivative. Torch's 0 is used here; some texts take 1.

    Textbook: A23, A30, C70
    """
    return (z > 0).to(z.dtype)


def leaky_relu(z: Float[Tensor, "*shape"], alpha: float | Float[Tensor, ""] = 0.01) -> Float[Tensor, "*shape"]:
    """Return z for z > 0, else α z.

    With α learned it is the PReLU: one α a layer (torch's default, started at ¼) or one a channel. For
    α ≤ 1 the same as max(α z, z); the form by cases needs no bound on α.

    Textbook: A25, A26, C9

    Example:
        >>> leaky_relu(torch.tensor([-1.0, 2.0]), alpha=0.25)
        tensor([-0.2500,  2.0000])
    """
    return torch.where(z > 0, z, alpha * z)


def leaky_relu_derivative(
    z: Float[Tensor, "*shape"], alpha: float | Float[Tensor, ""] = 0.01
) -> Float[Tensor, "*shape"]:
    """Return 1 for z > 0, else α: nothing dies unless α = 0.

    Textbook: A25
    """
    return torch.where(z > 0, torch.ones_like(z), alpha * torch.ones_like(z))
