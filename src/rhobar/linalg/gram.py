"""Gram matrices A = Σ_b x_b x_bᵀ, of which one triangle is computed and the other is its mirror image.

In four blocks of columns ten of the sixteen products remain.
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["add_gram", "gram", "mirror"]

_BLOCKS = 4
_NARROWEST = 128
"""Columns of a block; products of narrower ones take longer than those that they save."""


def gram(x: Float[Tensor, "batch n rows"]) -> Float[Tensor, "n n"]:
    """Return Σ_b x_b x_bᵀ.

    Example:
        >>> gram(torch.tensor([[[1.0, 2.0], [0.0, 3.0]]]))
        tensor([[5., 6.],
                [6., 9.]])
    """
    A = x.new_empty(x.shape[1], x.shape[1])
    add_gram(A, x, fresh=True)
    return mirror(A)


def add_gram(A: Float[Tensor, "n n"], x: Float[Tensor, "batch n rows"], *, fresh: bool = False) -> None:
    """Add Σ_b x_b x_bᵀ to A, or put it there, up to what `mirror` completes: no second matrix of that size.

    Args:
        A: It may be part of a larger matrix.
        x: Factors; where their rows are few they are copied into one factor.
        fresh: Whether what A holds does not count.
    """
    n = x.shape[1]
    if len(x) > 1 and x.shape[2] * 4 < n:
        x = x.transpose(0, 1).flatten(1)[None]
    for own in _blocks(n):
        C = A[own.start :, own]
        for i, one in enumerate(x):
            torch.addmm(C, one[own.start :], one[own].T, beta=0 if fresh and i == 0 else 1, out=C)


def mirror(A: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
    """Complete in place, and return, what `add_gram` made."""
    for own in _blocks(A.shape[0]):
        A[own, own.stop :] = A[own.stop :, own].T
    return A


def _blocks(n: int) -> list[slice]:
    step = max(-(-n // _BLOCKS), _NARROWEST)
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]
