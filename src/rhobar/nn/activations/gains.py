"""What an activation does to a Gaussian signal and to a gradient, and the initial variances that follow.

With weights of variance σ_w² / n and biases of variance σ_b², the pre-activations of a wide layer are N(0, q), and

    q_{l+1} = σ_w² E[φ(z)²] + σ_b²,         z ~ N(0, q_l)     (signal)
    ‖∂L/∂z_l‖² = σ_w² E[φ′(z)²] ‖∂L/∂z_{l+1}‖²                 (gradient)

The slope of the first map, χ∥ = σ_w² d E[φ²] / dq = σ_w² E[φ φ′ z] / q, says how a wrong q grows; χ⊥ = σ_w² E[φ′²]
how a gradient, and the distance of two inputs, does. Both at 1 is the critical point.

Textbook: A32, A61, A67, A70, A71, B33

References:
    He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, section 2.2.
    Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli (2016), Exponential expressivity in deep neural networks.
    Roberts, Yaida and Hanin (2022), The principles of deep learning theory, chapter 5 (χ∥, χ⊥, GELU and SiLU).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from rhobar.linalg import gaussian_expectation, pointwise_slope

__all__ = [
    "CriticalPoint",
    "backward_gain",
    "critical_point",
    "forward_gain",
    "gaussian_expectation",
    "signal_point",
    "variance_band",
]

Pointwise = Callable[[torch.Tensor], torch.Tensor]

_TOLERANCE = 1e-9
_LARGEST_Q = 1e4


@dataclass(frozen=True)
class CriticalPoint:
    """Initial variances that keep the pre-activations at N(0, q).

    Attributes:
        weight_variance: σ_w², the variance of a weight times the fan-in.
        bias_variance: σ_b².
        q: The variance of the pre-activations that returns in every layer.
        parallel: χ∥, the factor by which a small error of q grows in each layer.
        perpendicular: χ⊥, the factor by which the squared gradient grows towards the input.
    """

    weight_variance: float
    bias_variance: float
    q: float
    parallel: float
    perpendicular: float

    @property
    def stable(self) -> bool:
        """Whether an error of q does not grow."""
        return self.parallel <= 1 + 1e-6


def forward_gain(phi: Pointwise, q: float = 1.0, *, kinks: Sequence[float] = (0.0,)) -> float:
    """Return E[φ(z)²] for z ~ N(0, q): the second moment that an activation hands on.

    Example:
        >>> round(forward_gain(torch.relu), 12)  # so He's variance is 2 / n
        0.5
    """
    return gaussian_expectation(lambda z: phi(z).square(), q, kinks=kinks)


def backward_gain(phi: Pointwise, q: float = 1.0, *, kinks: Sequence[float] = (0.0,)) -> float:
    """Return E[φ′(z)²] for z ~ N(0, q): the share of a squared gradient that an activation lets pass.

    Example:
        >>> round(backward_gain(torch.relu), 12)
        0.5
    """
    return gaussian_expectation(lambda z: pointwise_slope(phi, z).square(), q, kinks=kinks)


def signal_point(phi: Pointwise, q: float = 1.0, *, kinks: Sequence[float] = (0.0,)) -> CriticalPoint:
    """Return σ_w² = q / E[φ(z)²] and σ_b² = 0, which keep the signal; the gradient may still grow or shrink.

    Example:
        >>> round(signal_point(torch.relu).weight_variance, 12)
        2.0
    """
    return _point(phi, q, q / forward_gain(phi, q, kinks=kinks), kinks)


def critical_point(phi: Pointwise, q: float = 1.0, *, kinks: Sequence[float] = (0.0,)) -> CriticalPoint | None:
    """Return the variances that keep the signal and the gradient, at the least possible variance from q upwards.

    σ_w² = 1 / E[φ′(z)²]  and  σ_b² = q − σ_w² E[φ(z)²],  so that χ⊥ = 1 and q returns.

    Accepted is the first q with σ_b² ≥ 0 and χ∥ ≤ 1. For ReLU and its leaky kin that is the given q, with He's
    σ_w² = 2; for GELU it is q = (3 + √17) / 2, for SiLU q ≈ 14.3, where χ∥ = χ⊥ = 1.

    Returns:
        The point; None if there is none up to q = 10⁴ (softplus has none: σ_b² would be negative).

    Example:
        >>> point = critical_point(torch.nn.functional.gelu)
        >>> round(point.q, 2), round(point.weight_variance, 3), round(point.bias_variance, 3)
        (3.56, 1.983, 0.173)
    """
    point = _balanced(phi, q, kinks)
    if _accepted(point):
        return point
    low = q
    while not _accepted(point):
        low, q = q, q * 1.25
        if q > _LARGEST_Q:
            return None
        point = _balanced(phi, q, kinks)
    while q - low > 1e-9 * q:
        middle = (low + q) / 2
        low, q = (low, middle) if _accepted(_balanced(phi, middle, kinks)) else (middle, q)
    return _balanced(phi, q, kinks)


def variance_band(
    phi: Pointwise,
    point: CriticalPoint,
    *,
    width: int,
    depth: int,
    deviations: float = 4.0,
    kinks: Sequence[float] = (0.0,),
) -> tuple[float, float]:
    """Return between which values the variance measured over one layer's units lies, `depth` layers down.

    A layer of n units averages φ² over n samples of N(0, q), so that q walks at random:

    v_0 = 0,    v_{l+1} = χ∥² v_l + σ_w⁴ Var[φ(z)²] / n,    and measuring adds 2 q² / n

    The band is q e^(±deviations √v / q): to first order in 1/n, and in the logarithm, as errors multiply.

    Example:
        >>> low, high = variance_band(torch.relu, signal_point(torch.relu), width=512, depth=50)
        >>> round(low, 3), round(high, 1)
        (0.06, 16.5)
    """
    q, spread = point.q, _spread(phi, point, kinks) / width
    v = 0.0
    for _ in range(depth):
        v = point.parallel**2 * v + spread
    reach = deviations * math.sqrt(v + 2 * q**2 / width) / q
    return q * math.exp(-reach), q * math.exp(reach)


def _spread(phi: Pointwise, point: CriticalPoint, kinks: Sequence[float]) -> float:
    second = gaussian_expectation(lambda z: phi(z).square(), point.q, kinks=kinks)
    fourth = gaussian_expectation(lambda z: phi(z).square().square(), point.q, kinks=kinks)
    return point.weight_variance**2 * (fourth - second**2)


def _point(phi: Pointwise, q: float, weight_variance: float, kinks: Sequence[float]) -> CriticalPoint:
    bias_variance = q - weight_variance * forward_gain(phi, q, kinks=kinks)
    tilt = gaussian_expectation(lambda z: phi(z) * pointwise_slope(phi, z) * z, q, kinks=kinks) / q
    if abs(bias_variance) <= _TOLERANCE * q:
        bias_variance = 0.0
    perpendicular = weight_variance * backward_gain(phi, q, kinks=kinks)
    return CriticalPoint(weight_variance, bias_variance, q, weight_variance * tilt, perpendicular)


def _balanced(phi: Pointwise, q: float, kinks: Sequence[float]) -> CriticalPoint:
    gain = backward_gain(phi, q, kinks=kinks)
    return _point(phi, q, 1 / gain if gain > 0 else math.inf, kinks)  # no weights keep the gradient of a flat function


def _accepted(point: CriticalPoint) -> bool:
    return point.bias_variance >= 0 and point.parallel <= 1 + _TOLERANCE
