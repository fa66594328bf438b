"""Structural risk minimisation: among nested classes, take the one whose guaranteed risk is least.

For classes H₁ ⊂ H₂ ⊂ … and a loss in [0, 1], with probability at least 1 − δ for all classes at once,

    R(h) ≤ R̂(h) + penalty(H_j, n, δ_j),      δ_j = δ·6/(π² j²),  Σ_j δ_j = δ.

The penalty of a finite class is Hoeffding's with a union bound, √((ln|H| + ln(1/δ))/2n); that of a class of
Vapnik–Chervonenkis dimension d is Vapnik's √((d(ln(2n/d) + 1) + ln(4/δ))/n).

References:
    Vapnik and Chervonenkis (1974), Theory of pattern recognition.
    Vapnik (1998), Statistical learning theory, section 4.1 and eq. (4.46).
    Shalev-Shwartz and Ben-David (2014), Understanding machine learning, theorem 7.4.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["StructuralRisk", "finite_class_penalty", "structural_risk", "vc_penalty"]


@dataclass(frozen=True)
class StructuralRisk:
    """The class with the least bound.

    Attributes:
        best: Its position.
        bounds: R̂ + penalty of each class; all hold together with probability 1 − δ.
        penalties: The penalty of each class.
    """

    best: int
    bounds: tuple[float, ...]
    penalties: tuple[float, ...]


def finite_class_penalty(log_size: float, num_samples: int, delta: float) -> float:
    """Hoeffding's bound on R − R̂ for all of |H| functions, √((ln|H| + ln(1/δ))/(2n)).

    Args:
        log_size: ln|H|, in nats.
        num_samples: n.
        delta: δ.

    Returns:
        The penalty; above one it says nothing.

    Example:
        >>> round(finite_class_penalty(math.log(100), 1000, 0.05), 4)
        0.0616

    Textbook: B42, B67.
    """
    _check(num_samples, delta)
    return math.sqrt((log_size - math.log(delta)) / (2 * num_samples))


def vc_penalty(dimension: int, num_samples: int, delta: float) -> float:
    """Vapnik's bound on R − R̂ for a class of VC dimension d, √((d(ln(2n/d) + 1) + ln(4/δ))/n).

    Args:
        dimension: d ≥ 1; of half-spaces with a threshold in p dimensions it is p + 1.
        num_samples: n ≥ d.
        delta: δ.

    Returns:
        The penalty; above one it says nothing.

    Raises:
        ValueError: Unless 1 ≤ d ≤ n.

    Example:
        >>> round(vc_penalty(3, 10_000, 0.05), 4)
        0.0581

    Textbook: B67.
    """
    _check(num_samples, delta)
    d, n = dimension, num_samples
    if not 1 <= d <= n:
        raise ValueError(f"The VC dimension must be between 1 and num_samples = {n}, got {d}.")
    return math.sqrt((d * (math.log(2 * n / d) + 1) + math.log(4 / delta)) / n)


def structural_risk(
    empirical: Sequence[float], penalty: Callable[[int, float], float], *, delta: float = 0.05
) -> StructuralRisk:
    """Choose the class whose empirical risk plus penalty is least.

    Args:
        empirical: R̂ of the best function of each class, from the smallest class on; in [0, 1].
        penalty: (position of the class, its share δ_j) ↦ bound on R − R̂.
        delta: δ, shared out as 6δ/(π²j²) so that infinitely many classes could follow.

    Returns:
        The choice and all bounds.

    Raises:
        ValueError: If there is no class, a risk lies outside [0, 1], or δ outside (0, 1).

    Example:
        >>> risks = [0.40, 0.10, 0.09]
        >>> structural_risk(risks, lambda j, delta: vc_penalty(10**j, 5000, delta)).best
        1

    Textbook: B67.
    """
    if not empirical or not all(0 <= r <= 1 for r in empirical) or not 0 < delta < 1:
        raise ValueError(f"Risks in [0, 1], one at least, and δ in (0, 1) are needed; got {list(empirical)}, {delta}.")
    shares = [6 * delta / (math.pi**2 * j**2) for j in range(1, len(empirical) + 1)]
    penalties = tuple(penalty(j, share) for j, share in enumerate(shares))
    bounds = tuple(r + p for r, p in zip(empirical, penalties, strict=True))
    return StructuralRisk(min(range(len(bounds)), key=bounds.__getitem__), bounds, penalties)


def _check(num_samples: int, delta: float) -> None:
    if num_samples < 1 or not 0 < delta < 1:
        raise ValueError(f"num_samples must be at least 1 and delta in (0, 1), got {num_samples} and {delta}.")
