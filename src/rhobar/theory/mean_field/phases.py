"""Order and chaos: where the variance settles, whether two inputs come together or part, and how deep a signal reaches.

At the fixed point q* of the variance map,

    χ₁ < 1   ordered: inputs become alike (c* = 1), gradients vanish;
    χ₁ > 1   chaotic: inputs part (c* < 1), gradients explode;
    χ₁ = 1   the edge: both reach infinitely far, as a power of the depth.

Off the edge, deviations decay as e^{−l/ξ} with the depth scales

    ξ_q = −1/ln χ_q,     ξ_c = −1/ln χ_{c*},     ξ_∇ = −1/ln χ₁  (negative where gradients grow),

χ_q and χ_{c*} the slopes of the variance and of the correlation map at their fixed points. Networks of some 6 ξ_c
layers can be trained, not many more.

Textbook: A61, A67

References:
    Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli (2016), Exponential expressivity in deep neural networks.
    Schoenholz, Gilmer, Ganguli and Sohl-Dickstein (2017), Deep information propagation, eqs. (6) to (9).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from rhobar.linalg import gaussian_expectation, gaussian_pair_expectation, pointwise_slope
from rhobar.theory.contracts import require_positive
from rhobar.theory.mean_field.maps import Pointwise, correlation_map, gradient_factor, variance_map

__all__ = ["EdgePoint", "MeanFieldLimit", "edge_of_chaos", "mean_field_limit"]

_FLAT = 1e-6  # χ₁ this near 1 counts as the edge


@dataclass(frozen=True)
class MeanFieldLimit:
    """What a deep, wide network of these variances comes to.

    Attributes:
        q: q*; zero or infinite if the signal dies or explodes.
        chi: χ₁ there.
        phase: "ordered", "critical" or "chaotic".
        correlation: c*, where two different inputs end.
        variance_scale: ξ_q, in layers; infinite if every q is a fixed point.
        correlation_scale: ξ_c, in layers.
        gradient_scale: ξ_∇ of the squared gradient, in layers; negative where it grows towards the input.
    """

    q: float
    chi: float
    phase: Literal["ordered", "critical", "chaotic"]
    correlation: float
    variance_scale: float
    correlation_scale: float
    gradient_scale: float


@dataclass(frozen=True)
class EdgePoint:
    """A point of the line between order and chaos.

    Attributes:
        weight_variance: σ_w².
        bias_variance: σ_b².
        q: q*.
    """

    weight_variance: float
    bias_variance: float
    q: float


def mean_field_limit(
    phi: Pointwise,
    *,
    weight_variance: float,
    bias_variance: float = 0.0,
    start: float = 1.0,
    kinks: Sequence[float] = (0.0,),
) -> MeanFieldLimit:
    """Find the fixed points of both maps, the phase and the depth scales.

    Args:
        phi: φ, entry by entry.
        weight_variance: σ_w².
        bias_variance: σ_b².
        start: Variance of the first pre-activation.
        kinks: Where φ or its derivative jumps.

    Example:
        >>> limit = mean_field_limit(torch.tanh, weight_variance=2.25, bias_variance=0.05)
        >>> limit.phase, round(limit.q, 3), round(limit.correlation_scale, 2)
        ('chaotic', 0.889, 15.12)

    Textbook: A61, A67
    """
    require_positive(weight_variance=weight_variance, start=start)

    def ahead(q: float) -> float:
        return variance_map(phi, q, weight_variance=weight_variance, bias_variance=bias_variance, kinks=kinks)

    def slope_of(z: torch.Tensor) -> torch.Tensor:
        return pointwise_slope(phi, z)

    q = _settled(ahead, start)
    at = min(max(q, 1e-12), 1e12)
    chi = gradient_factor(phi, at, weight_variance=weight_variance, kinks=kinks)
    slope = weight_variance * gaussian_expectation(lambda z: phi(z) * slope_of(z) * z, at, kinks=kinks) / at
    phase: Literal["ordered", "critical", "chaotic"]
    phase = "critical" if abs(chi - 1) <= _FLAT else "ordered" if chi < 1 else "chaotic"

    def later(c: float) -> float:
        return correlation_map(phi, c, at, weight_variance=weight_variance, bias_variance=bias_variance, kinks=kinks)

    c, c_slope = (
        1.0,
        chi * at / ahead(at),
    )  # the second factor is 1 at a fixed point, and undoes growth where there is none
    if c_slope > 1 + _FLAT:
        c = _root(lambda c: later(c) - c, 0.0, 1 - 1e-7)
        c_slope = weight_variance * gaussian_pair_expectation(slope_of, slope_of, (at, at), c, kinks=kinks)
    return MeanFieldLimit(q, chi, phase, c, _scale(slope), _scale(c_slope), _scale(chi))


def edge_of_chaos(
    phi: Pointwise, bias_variance: float = 0.0, *, start: float = 1.0, kinks: Sequence[float] = (0.0,)
) -> EdgePoint | None:
    """Find σ_w² for which χ₁ = 1 at the variance that this bias variance makes the network settle at.

    σ_w² = 1/E[φ′²] and σ_b² = q − σ_w² E[φ²] run through the line as q does; sought is the least q on it with the given
    σ_b², or `start` if that has it (as every q of the ReLU does with σ_b² = 0).

    Args:
        phi: φ.
        bias_variance: σ_b².
        start: The q to try first.
        kinks: Where φ or its derivative jumps.

    Returns:
        The point; None if the line does not come to this bias variance between q = 1e-8 and 1e6.

    Example:
        >>> edge = edge_of_chaos(torch.tanh, 0.05)
        >>> round(edge.weight_variance, 3), round(edge.q, 3)
        (1.761, 0.57)

    Textbook: A67
    """

    def excess(q: float) -> float:
        weight = 1 / gradient_factor(phi, q, weight_variance=1.0, kinks=kinks)
        return q - variance_map(phi, q, weight_variance=weight, kinks=kinks) - bias_variance

    def point(q: float) -> EdgePoint:
        return EdgePoint(1 / gradient_factor(phi, q, weight_variance=1.0, kinks=kinks), bias_variance, q)

    if abs(excess(start)) <= 1e-12 * start:
        return point(start)
    grid = torch.logspace(-8, 6, 113, dtype=torch.float64).tolist()
    low = grid[0]
    if abs(excess(low)) <= 1e-12:  # tanh without biases: the edge is met at q = 0
        return EdgePoint(point(low).weight_variance, bias_variance, 0.0)
    for high in grid[1:]:
        if excess(low) < 0 <= excess(high):
            while high - low > 1e-12 * high:
                middle = (low + high) / 2
                low, high = (middle, high) if excess(middle) < 0 else (low, middle)
            return point(high)
        low = high
    return None


def _settled(step: Callable[[float], float], x: float) -> float:
    """Iterate to the fixed point, by Steffensen's steps where they go on in the same direction.

    Where it is approached as a power of the depth only, the iteration ends at a distance that no longer matters.
    """
    for _ in range(500):
        y = step(x)
        if not 1e-12 < y < 1e12:
            return 0.0 if y <= 1e-12 else math.inf
        if abs(y - x) <= 1e-13 * abs(x):
            return y
        z = step(y)
        curve = z - 2 * y + x
        jump = x - (y - x) ** 2 / curve if curve != 0 else z
        x = jump if (jump - y) * (y - x) > 0 and 0 < jump < 10 * max(x, z) else z
    return x


def _root(f: Callable[[float], float], low: float, high: float) -> float:
    """Return where f, positive at `low` and negative at `high`, passes zero (regula falsi, Illinois)."""
    f_low, f_high = f(low), f(high)
    if f_low <= 0:
        return low
    side = 0
    for _ in range(100):
        x = (low * f_high - high * f_low) / (f_high - f_low)
        y = f(x)
        if abs(y) <= 1e-14 or high - low <= 1e-14:
            break
        if y > 0:
            low, f_low = x, y
            f_high = f_high / 2 if side == 1 else f_high
            side = 1
        else:
            high, f_high = x, y
            f_low = f_low / 2 if side == -1 else f_low
            side = -1
    return x


def _scale(slope: float) -> float:
    """Return −1/ln slope: positive for decay, infinite at 1, negative for growth."""
    if abs(slope - 1) <= _FLAT:
        return math.inf
    return -1 / math.log(slope) if slope > 0 else 0.0
