"""Group normalisation: every sample by the statistics of groups of its channels.

References:
    Wu and He (2018), Group normalization, equation 7.
    Ulyanov, Vedaldi and Lempitsky (2016), Instance normalization (as many groups as channels).
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["group_norm"]


def group_norm(
    x: Float[Tensor, "batch channels *positions"],
    num_groups: int,
    scale: Float[Tensor, " channels"] | None = None,
    shift: Float[Tensor, " channels"] | None = None,
    eps: float = 1e-5,
) -> Float[Tensor, "batch channels *positions"]:
    """Return γ (x − μ) / √(σ² + ε) + β, with μ and σ² over the channels of a group and all positions.

    As many groups as channels: instance normalisation. One group: layer normalisation over channels and positions.

    Textbook: C-§7.3.3

    Example:
        >>> group_norm(torch.tensor([[1.0, 3.0, 10.0, 30.0]]), 2, eps=0.0)
        tensor([[-1.,  1., -1.,  1.]])
    """
    column = (-1, *([1] * (x.ndim - 2)))
    groups = x.reshape(x.shape[0], num_groups, -1)
    centred = groups - groups.mean(-1, keepdim=True)
    x_hat = (centred / torch.sqrt(groups.var(-1, correction=0, keepdim=True) + eps)).reshape(x.shape)
    return (1 if scale is None else scale.view(column)) * x_hat + (0 if shift is None else shift.view(column))
