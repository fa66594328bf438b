"""Structural risk minimisation: among nested classes, take the one whose guaranteed risk is least.

For classes H₁ ⊂ H₂ ⊂ … and a loss in [0, 1], with probability at least 1 − δ for all classes at once,

    R(h) ≤ R̂(h) + penalty(H_j, n, δ_j),      δ_j = δ·6/(π² j²),  Σ_j δ_j = δ.

Penalties are `rhobar.theory.learning.finite_class_penalty`, Hoeffding's, and `vc_penalty`, that of a class of
Vapnik–Chervonenkis dimension d.

References:
    Vapnik and Chervonenkis (1974), Theory of pattern recognition.
    Vapnik (1998), Statistical learning theory, section 4.1 and eq. (4.46).
    Shalev-Shwartz and Ben-David (2014), Understanding machine learning, theorem 7.4.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["StructuralRisk", "structural_risk"]


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
        >>> from rhobar.theory.learning import vc_penalty
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
