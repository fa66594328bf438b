"""Quantiles of the normal and of Student's distribution, the latter from its finite sums for whole degrees of freedom.

With θ = atan(t/√ν) and P(|T| < t) = A(t|ν),

    A = (2/π)(θ + sin θ (cos θ + ⅔ cos³ θ + … )) for odd ν,      sin θ (1 + ½ cos² θ + ⅜ cos⁴ θ + …) for even ν.

Reference: Abramowitz and Stegun (1964), Handbook of mathematical functions, eqs. (26.7.3) and (26.7.4).
"""

import math
from statistics import NormalDist

__all__ = ["normal_quantile", "student_quantile"]


def normal_quantile(probability: float) -> float:
    """Φ⁻¹.

    Example:
        >>> round(normal_quantile(0.975), 4)
        1.96
    """
    return NormalDist().inv_cdf(probability)


def student_quantile(probability: float, freedom: int) -> float:
    """The t with P(T ≤ t) = probability ≥ ½ at ν degrees of freedom, by bisection.

    Args:
        probability: In [½, 1).
        freedom: ν ≥ 1.

    Raises:
        ValueError: If either is outside.

    Example:
        >>> round(student_quantile(0.975, 10), 4)
        2.2281
    """
    if not 0.5 <= probability < 1 or freedom < 1:
        raise ValueError(f"probability must lie in [½, 1) and freedom be at least 1, got {probability}, {freedom}.")
    low, high = 0.0, math.pi / 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _two_sided(middle, freedom) < 2 * probability - 1 else (low, middle)
    return math.sqrt(freedom) * math.tan(low)


def _two_sided(theta: float, freedom: int) -> float:
    """A(t|ν)."""
    sine, square = math.sin(theta), math.cos(theta) ** 2
    odd = freedom % 2
    term, total = (math.cos(theta) if odd else 1.0), 0.0
    for j in range(freedom // 2):
        total += term
        k = 2 * j + (2 if odd else 1)
        term *= square * k / (k + 1)
    return 2 / math.pi * (theta + sine * total) if odd else sine * total
