"""Products of random matrices at a fixed width, as the depth grows: exponents instead of averages.

For W with entries N(0, σ²), n × n, the i-th singular value of W_L ⋯ W_1 grows as e^{μ_i L} with

    μ_i = ln σ + ½ (ln 2 + ψ((n − i + 1)/2)),   i = 1 … n                      (Newman; ψ the digamma function)

so that He's and Xavier's σ² = 1/n keeps E‖Wx‖² but lets ‖W_L ⋯ W_1 x‖ itself shrink, by about e^{−1/2n} a layer: the
mean is held up by rare large draws. ln‖W_L ⋯ W_1 x‖² is a sum of L independent logarithms of χ²:

    mean L (ln σ² + ln 2 + ψ(n/2)),      variance L ψ′(n/2) ≈ 2L/n.

Behind a ReLU each output is kept with probability ½: the degrees of freedom are binomial.

Textbook: A61, A67

References:
    Newman (1986), The distribution of Lyapunov exponents: exact results for random matrices, eq. (7).
    Hanin and Nica (2020), Products of many large random matrices and gradients in deep neural networks.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.contracts import require_positive

__all__ = ["LogNorm", "gaussian_lyapunov_exponents", "relu_log_norm", "vector_log_norm"]


@dataclass(frozen=True)
class LogNorm:
    """ln(‖x_L‖²/‖x_0‖²) at the initialisation, nearly normal for many layers.

    Attributes:
        mean: In nats.
        variance: In nats squared; it grows as depth over width.
    """

    mean: float
    variance: float


def gaussian_lyapunov_exponents(width: int, *, std: float | None = None) -> Float[Tensor, " width"]:
    """μ_i = ln σ + ½(ln 2 + ψ((n − i + 1)/2)) per layer, largest first.

    Args:
        width: n.
        std: σ, of an entry; 1/√n by default.

    Example:
        >>> gaussian_lyapunov_exponents(1, std=1.0)  # E ln|z| = −(γ + ln 2)/2
        tensor([-0.6352], dtype=torch.float64)

    Textbook: A61
    """
    sigma = 1 / math.sqrt(width) if std is None else std
    require_positive(width=width, std=sigma)
    freedom = torch.arange(width, 0, -1, dtype=torch.float64)
    return math.log(sigma) + (math.log(2) + torch.digamma(freedom / 2)) / 2


def vector_log_norm(width: int, depth: int, *, std: float | None = None) -> LogNorm:
    """Mean and variance of ln‖W_L ⋯ W_1 x‖²/‖x‖², exactly.

    Args:
        width: n.
        depth: L.
        std: σ; 1/√n by default.

    Example:
        >>> found = vector_log_norm(100, 50)
        >>> round(found.mean, 3), round(found.variance, 3)  # ≈ −L/n, ≈ 2L/n
        (-0.502, 1.01)

    Textbook: A61, A67
    """
    sigma = 1 / math.sqrt(width) if std is None else std
    require_positive(width=width, depth=depth, std=sigma)
    half = torch.tensor(width / 2, dtype=torch.float64)
    mean = 2 * math.log(sigma) + math.log(2) + float(torch.digamma(half))
    return LogNorm(depth * mean, depth * float(torch.polygamma(1, half)))


def relu_log_norm(width: int, depth: int, *, std: float | None = None) -> LogNorm:
    """The same for a ReLU network, x → max(0, Wx), given that no layer is off altogether.

    Args:
        width: n.
        depth: L.
        std: σ; He's √(2/n) by default.

    Example:
        >>> found = relu_log_norm(100, 50)
        >>> round(found.mean, 3), round(found.variance, 3)  # ≈ −5L/2n, ≈ 5L/n
        (-1.271, 2.597)

    Textbook: A61, A67
    """
    sigma = math.sqrt(2 / width) if std is None else std
    require_positive(width=width, depth=depth, std=sigma)
    k = torch.arange(1, width + 1, dtype=torch.float64)
    log_share = torch.lgamma(torch.tensor(width + 1.0).double()) - torch.lgamma(k + 1) - torch.lgamma(width - k + 1)
    share = torch.softmax(log_share, 0)  # binomial with ½, given k ≥ 1
    log_chi = math.log(2) + torch.digamma(k / 2)
    mean = float(share @ log_chi)
    variance = float(share @ (torch.polygamma(1, k / 2) + (log_chi - mean).square()))
    return LogNorm(depth * (mean + 2 * math.log(sigma)), depth * variance)
