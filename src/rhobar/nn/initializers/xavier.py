"""Xavier's initialisation: between what the signal and what the gradient needs.

Reference: Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward networks, equation 16.
"""

import torch
from torch import Tensor
from torch.nn import init

__all__ = ["xavier_", "xavier_variance"]


def xavier_variance(fan_in: int, fan_out: int, gain: float = 1.0) -> float:
    """Return gain² · 2 / (n + m), the harmonic mean of 1/n (signal) and 1/m (gradient).

    A variance: as the second argument of N(0, ·) it is not the standard deviation that torch takes. Right for tanh near
    0 (slope 1); for the sigmoid (slope ¼, mean ½) it is not.

    Textbook: A32, A68, A69, A70, C71

    Example:
        >>> xavier_variance(300, 100)
        0.005
    """
    return gain**2 * 2 / (fan_in + fan_out)


def xavier_(
    weight: Tensor,
    *,
    gain: float = 1.0,
    distribution: str = "normal",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill a weight in place, as torch does: normal, or uniform on ±gain √(6 / (n + m)).

    Raises:
        ValueError: If the distribution is neither "normal" nor "uniform".
    """
    if distribution == "normal":
        return init.xavier_normal_(weight, gain=gain, generator=generator)
    if distribution == "uniform":
        return init.xavier_uniform_(weight, gain=gain, generator=generator)
    raise ValueError(f"distribution must be 'normal' or 'uniform', got {distribution!r}.")
