"""Compound scaling: depth, width and resolution of a network grown together.

Reference: Tan and Le (2019), EfficientNet: rethinking model scaling, arXiv:1905.11946.
"""

from typing import NamedTuple

__all__ = ["Scaling", "compound_scaling"]


class Scaling(NamedTuple):
    """Factors of compound scaling."""

    depth: float
    width: float
    resolution: float
    flops: float


def compound_scaling(phi: float, *, alpha: float = 1.2, beta: float = 1.1, gamma: float = 1.15) -> Scaling:
    """Scale depth, width and resolution by one coefficient φ.

        d = α^φ,  w = β^φ,  r = γ^φ,  FLOPs ∝ d w² r² = (α β² γ²)^φ ≈ 2^φ

    The paper's α, β, γ give α β² γ² = 1.92. Its B1…B7 are rounded by hand and follow the rule only roughly.

    Args:
        phi: φ; each unit doubles the work.
        alpha: α ≥ 1.
        beta: β ≥ 1.
        gamma: γ ≥ 1.

    Returns:
        d, w, r and the factor of the work.

    Raises:
        ValueError: If α, β or γ is less than 1.

    Textbook: C82, C83, C84.

    Example:
        >>> round(compound_scaling(1.0).flops, 2)
        1.92

    Reference: Tan and Le (2019), eq. 3.
    """
    if min(alpha, beta, gamma) < 1:
        raise ValueError(f"alpha, beta and gamma must be at least 1, got {alpha}, {beta}, {gamma}.")
    d, w, r = alpha**phi, beta**phi, gamma**phi
    return Scaling(d, w, r, d * w**2 * r**2)
