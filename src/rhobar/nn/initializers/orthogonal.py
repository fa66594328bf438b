"""Orthogonal initialisation: a linear layer that changes no length, at any depth.

Reference: Saxe, McClelland and Ganguli (2014), Exact solutions to the nonlinear dynamics of learning, section 3.
"""

import torch
from torch import Tensor
from torch.nn import init

__all__ = ["orthogonal_", "orthogonal_variance"]


def orthogonal_variance(fan_in: int, rows: int, gain: float = 1.0) -> float:
    """Return the mean square of an entry, gain² / max(n, rows): ‖Q‖_F² = min(n, rows) over n · rows entries.

    For a matrix, rows is the fan-out; for a kernel, which torch flattens to (out, in · |kernel|), it is out.

    Textbook: A67

    Example:
        >>> orthogonal_variance(100, 50)
        0.01
    """
    return gain**2 / max(fan_in, rows)


def orthogonal_(weight: Tensor, *, gain: float = 1.0, generator: torch.Generator | None = None) -> Tensor:
    """Fill a weight in place with a random (semi-)orthogonal matrix, as torch does.

    All singular values are `gain`. A Gaussian matrix of the same variance has them between |√n − √m| and √n + √m
    times σ_w: in the square case from 0 to 2.

    Textbook: A67, A73
    """
    return init.orthogonal_(weight, gain=gain, generator=generator)
