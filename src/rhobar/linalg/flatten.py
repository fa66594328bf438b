"""Lists of tensors as one vector, and back."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["flatten", "unflatten"]


def flatten(tensors: Sequence[Tensor]) -> Float[Tensor, " n"]:
    """Join the elements of all tensors, in order."""
    return torch.cat([t.reshape(-1) for t in tensors])


def unflatten(vector: Float[Tensor, " n"], like: Sequence[Tensor]) -> list[Tensor]:
    """Cut a vector into tensors of the shapes of `like`; the inverse of `flatten`.

    Example:
        >>> [t.tolist() for t in unflatten(torch.arange(3.0), [torch.zeros(1), torch.zeros(2, 1)])]
        [[0.0], [[1.0], [2.0]]]
    """
    parts = vector.split([t.numel() for t in like])
    return [part.view(t.shape) for part, t in zip(parts, like, strict=True)]
