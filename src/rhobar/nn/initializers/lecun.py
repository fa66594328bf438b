"""LeCun's initialisation: the sum of n unit inputs has unit variance.

Reference: LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, section 4.6.
"""

import torch
from torch import Tensor
from torch.nn import init

__all__ = ["lecun_", "lecun_variance"]


def lecun_variance(fan_in: int) -> float:
    """Return 1 / n, which keeps Var(z) = n σ_w² E[x²] for a linear unit, and for the self-normalising SELU.

    Textbook: A68

    Example:
        >>> lecun_variance(100)
        0.01
    """
    return 1 / fan_in


def lecun_(weight: Tensor, *, distribution: str = "normal", generator: torch.Generator | None = None) -> Tensor:
    """Fill a weight in place, as torch's kaiming does for a linear unit: normal, or uniform on ±√(3 / n).

    Raises:
        ValueError: If the distribution is neither "normal" nor "uniform".
    """
    if distribution == "normal":
        return init.kaiming_normal_(weight, nonlinearity="linear", generator=generator)
    if distribution == "uniform":
        return init.kaiming_uniform_(weight, nonlinearity="linear", generator=generator)
    raise ValueError(f"distribution must be 'normal' or 'uniform', got {distribution!r}.")
