"""How many numbers a unit sums up, and into how many units it goes.

Textbook: A68, A69, A72
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["fan_in_and_out", "filled"]


def fan_in_and_out(shape: Sequence[int]) -> tuple[int, int]:
    """Return (n, m) of a weight of shape (out, in, *kernel): n = in · |kernel|, m = out · |kernel|.

    For a matrix W (out × in), n is its number of columns and m that of rows; z = W x then has Var(z) = n Var(w) E[x²],
    and a gradient Var(Wᵀ δ) = m Var(w) E[δ²].

    Raises:
        ValueError: If the shape has fewer than two axes.

    Example:
        >>> fan_in_and_out((64, 3, 5, 5))
        (75, 1600)
    """
    if len(shape) < 2:
        raise ValueError(f"A weight must have at least two axes (out, in, …), got the shape {tuple(shape)}.")
    out, inputs, *kernel = shape
    return inputs * math.prod(kernel), out * math.prod(kernel)


def filled(weight: Tensor, variance: float, distribution: str, generator: torch.Generator | None) -> Tensor:
    """Fill a tensor in place with zero-mean numbers of a variance: N(0, v), or uniform on ±√(3 v).

    Raises:
        ValueError: If the distribution is neither "normal" nor "uniform", or the variance is negative.
    """
    if not variance >= 0:
        raise ValueError(f"variance must be at least 0, got {variance}.")
    if distribution == "normal":
        return torch.nn.init.normal_(weight, std=math.sqrt(variance), generator=generator)
    if distribution == "uniform":
        bound = math.sqrt(3 * variance)
        return torch.nn.init.uniform_(weight, -bound, bound, generator=generator)
    raise ValueError(f"distribution must be 'normal' or 'uniform', got {distribution!r}.")
