"""What one wide random layer does to a signal, to the angle between two signals, and to a gradient.

With independent weights of variance σ_w²/n and biases of variance σ_b², pre-activations are normal, and a layer takes

    q → σ_w² E[φ(√q z)²] + σ_b²                                    (variance)
    c → (σ_w² E[φ(x) φ(y)] + σ_b²) / q*                             (correlation of two inputs of variance q*)
    ‖∂L/∂h_{l+1}‖² → χ₁ ‖∂L/∂h_{l+1}‖²,   χ₁ = σ_w² E[φ′(√q z)²]      (gradient, backwards)

χ₁ is also the slope of the correlation map at c = 1. Any φ will do that acts entry by entry; where it has kinks other
than at 0, name them.

Textbook: A61, A67, A68, A69, A71, B33

References:
    Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli (2016), Exponential expressivity in deep neural networks.
    Schoenholz, Gilmer, Ganguli and Sohl-Dickstein (2017), Deep information propagation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg import gaussian_expectation, gaussian_pair_expectation, pointwise_slope
from rhobar.theory.contracts import require_positive

__all__ = ["Pointwise", "SignalProfile", "correlation_map", "gradient_factor", "signal_profile", "variance_map"]

Pointwise = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class SignalProfile:
    """Predictions layer by layer, from the first pre-activation on.

    Attributes:
        variance: q_l.
        correlation: c_l of two inputs of the same variance; NaN if none was given.
        gradient: Mean squared gradient with respect to h_l, per unit, relative to the last layer's, for layers of one
            width.
    """

    variance: Float[Tensor, " depth"]
    correlation: Float[Tensor, " depth"]
    gradient: Float[Tensor, " depth"]


def variance_map(
    phi: Pointwise, q: float, *, weight_variance: float, bias_variance: float = 0.0, kinks: Sequence[float] = (0.0,)
) -> float:
    """σ_w² E[φ(√q z)²] + σ_b², the variance of the next pre-activation.

    Args:
        phi: φ, entry by entry.
        q: The variance of this one.
        weight_variance: σ_w², a weight's variance times the fan-in.
        bias_variance: σ_b².
        kinks: Where φ or its derivative jumps.

    Example:
        >>> round(variance_map(torch.relu, 3.0, weight_variance=2.0), 12)  # He: kept
        3.0

    Textbook: A68, A71
    """
    return weight_variance * gaussian_expectation(lambda z: phi(z).square(), q, kinks=kinks) + bias_variance


def gradient_factor(phi: Pointwise, q: float, *, weight_variance: float, kinks: Sequence[float] = (0.0,)) -> float:
    """χ₁ = σ_w² E[φ′(√q z)²]: a squared gradient, on its way back through a layer, is multiplied by it.

    Args:
        phi: φ.
        q: The variance of the pre-activation.
        weight_variance: σ_w².
        kinks: Where φ or its derivative jumps.

    Example:
        >>> round(gradient_factor(torch.relu, 1.0, weight_variance=2.0), 12)
        1.0

    Textbook: A61, A67, A69
    """
    return weight_variance * gaussian_expectation(lambda z: pointwise_slope(phi, z).square(), q, kinks=kinks)


def correlation_map(
    phi: Pointwise,
    correlation: float,
    q: float,
    *,
    weight_variance: float,
    bias_variance: float = 0.0,
    kinks: Sequence[float] = (0.0,),
) -> float:
    """The correlation of two signals one layer on, both of the variance q; divided by the variance that it has there.

    Args:
        phi: φ.
        correlation: c, in [−1, 1].
        q: Their variance.
        weight_variance: σ_w².
        bias_variance: σ_b².
        kinks: Where φ or its derivative jumps.

    Example:
        >>> round(correlation_map(torch.relu, 0.0, 1.0, weight_variance=2.0), 6)  # 1/π
        0.31831

    Textbook: B33
    """
    product = gaussian_pair_expectation(phi, phi, (q, q), correlation, kinks=kinks)
    after = variance_map(phi, q, weight_variance=weight_variance, bias_variance=bias_variance, kinks=kinks)
    return (weight_variance * product + bias_variance) / after


def signal_profile(
    phi: Pointwise,
    *,
    depth: int,
    weight_variance: float,
    bias_variance: float = 0.0,
    variance: float = 1.0,
    correlation: float | None = None,
    kinks: Sequence[float] = (0.0,),
) -> SignalProfile:
    """Predict variance, correlation and gradient of every layer of a wide network at its initialisation.

    Args:
        phi: φ.
        depth: How many pre-activations.
        weight_variance: σ_w².
        bias_variance: σ_b².
        variance: q of the first pre-activation, σ_w² mean x² + σ_b².
        correlation: c of two inputs there.
        kinks: Where φ or its derivative jumps.

    Example:
        >>> profile = signal_profile(torch.nn.functional.tanh, depth=3, weight_variance=1.0)
        >>> [round(q, 4) for q in profile.variance.tolist()]
        [1.0, 0.3943, 0.2365]

    Textbook: A61, B33
    """
    require_positive(depth=depth, variance=variance)
    q, c = [variance], [float("nan") if correlation is None else correlation]
    options = {"weight_variance": weight_variance, "bias_variance": bias_variance, "kinks": kinks}
    for _ in range(depth - 1):
        if correlation is not None:
            c.append(correlation_map(phi, c[-1], q[-1], **options))  # type: ignore[arg-type]
        q.append(variance_map(phi, q[-1], **options))  # type: ignore[arg-type]
    factors = [gradient_factor(phi, v, weight_variance=weight_variance, kinks=kinks) for v in q[:-1]]
    # The last layer's own gradient is the unit: h_l meets the factors of layers l, …, depth − 1.
    gradient = torch.tensor([*factors, 1.0], dtype=torch.float64).flip(0).cumprod(0).flip(0)
    correlations = c if correlation is not None else c * depth
    variances, angles = (torch.tensor(v, dtype=torch.float64) for v in (q, correlations))
    return SignalProfile(variances, angles, gradient)
