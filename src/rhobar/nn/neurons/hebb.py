"""Hebb's rule, which grows without bound, and Oja's, which finds the first principal component.

References:
    Hebb (1949), The organization of behavior.
    Oja (1982), Simplified neuron model as a principal component analyzer, equation 3.
"""

from jaxtyping import Float
from torch import Tensor

__all__ = ["hebbian_update", "oja_update"]


def hebbian_update(
    post: Float[Tensor, "batch out"], pre: Float[Tensor, "batch inputs"], rate: float
) -> Float[Tensor, "out inputs"]:
    """Return Δw_ij = η aᵢ aⱼ, the mean over a batch: what fires together wires together.

    With aᵢ = wᵢ·x it grows ‖w‖² by at least 2 η y² at every step, without bound.

    Textbook: C2

    Example:
        >>> import torch
        >>> hebbian_update(torch.tensor([[2.0]]), torch.tensor([[1.0, 3.0]]), 0.1)
        tensor([[0.2000, 0.6000]])
    """
    return rate * post.T @ pre / len(pre)


def oja_update(
    weight: Float[Tensor, " inputs"], pre: Float[Tensor, "batch inputs"], rate: float
) -> Float[Tensor, " inputs"]:
    """Return Δw = η y (x − y w) with y = w·x, the mean over a batch.

    The fixed points are the unit eigenvectors of E[x xᵀ], the stable ones ± that of the largest eigenvalue.

    Textbook: C2

    Example:
        >>> import torch
        >>> oja_update(torch.tensor([1.0, 0.0]), torch.tensor([[2.0, 1.0]]), 0.1)
        tensor([0.0000, 0.2000])
    """
    y = pre @ weight
    return rate * (y.unsqueeze(1) * (pre - y.unsqueeze(1) * weight)).mean(0)
