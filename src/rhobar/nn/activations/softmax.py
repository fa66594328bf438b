"""Softmax: scores to probabilities, the one activation of the table that mixes entries.

References:
    Bridle (1990), Probabilistic interpretation of feedforward classification network outputs.
    Gao and Pavel (2017), On the properties of the softmax function (Lipschitz constant; ½ is the sharp one).
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["softmax", "softmax_jacobian"]


def softmax(z: Float[Tensor, "*batch classes"]) -> Float[Tensor, "*batch classes"]:
    """Return p_k = e^{z_k} / Σ_j e^{z_j}, computed from z − max z, which changes nothing but the overflow.

    Textbook: B10, B81, C23

    Example:
        >>> softmax(torch.tensor([1e4, 1e4, -1e4]))
        tensor([0.5000, 0.5000, 0.0000])
    """
    e = torch.exp(z - z.amax(-1, keepdim=True))
    return e / e.sum(-1, keepdim=True)


def softmax_jacobian(z: Float[Tensor, "*batch classes"]) -> Float[Tensor, "*batch classes classes"]:
    """Return ∂p_i/∂z_j = p_i (δ_ij − p_j), that is diag(p) − p pᵀ.

    Symmetric, of rows that sum to 0 (a shift of z changes nothing), and of norm at most ½.

    Textbook: B10

    Example:
        >>> softmax_jacobian(torch.zeros(2))
        tensor([[ 0.2500, -0.2500],
                [-0.2500,  0.2500]])
    """
    p = softmax(z)
    return torch.diag_embed(p) - p.unsqueeze(-1) * p.unsqueeze(-2)
