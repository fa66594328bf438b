"""He's initialisation: a rectifier halves the second moment, so the variance is doubled.

Reference: He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, equations 10 and 15.
"""

import torch
from torch import Tensor
from torch.nn import init

__all__ = ["he_", "he_variance"]


def he_variance(fan_in: int, slope: float = 0.0) -> float:
    """Return 2 / ((1 + α²) n), with α the slope below zero; 2 / n for the ReLU.

    From E[φ(z)²] = ½ (1 + α²) Var(z): the second moment of the *pre*-activation is halved, not the variance of x.
    ``nn.Linear`` and ``nn.Conv2d`` start with α = √5, that is 1 / (3n): neither He's nor Xavier's.

    Textbook: A32, A71, C72

    Example:
        >>> he_variance(200)
        0.01
    """
    return 2 / ((1 + slope**2) * fan_in)


def he_(
    weight: Tensor,
    *,
    slope: float = 0.0,
    distribution: str = "normal",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill a weight in place, as torch's kaiming does by the fan-in: normal, or uniform on ±√(6 / ((1 + α²) n)).

    Raises:
        ValueError: If the distribution is neither "normal" nor "uniform".
    """
    if distribution == "normal":
        return init.kaiming_normal_(weight, a=slope, nonlinearity="leaky_relu", generator=generator)
    if distribution == "uniform":
        return init.kaiming_uniform_(weight, a=slope, nonlinearity="leaky_relu", generator=generator)
    raise ValueError(f"distribution must be 'normal' or 'uniform', got {distribution!r}.")
