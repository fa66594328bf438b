"""Novikoff: how often a perceptron may be wrong.

Inputs of length at most R that a unit vector w* separates by γ, yᵢ w*·xᵢ ≥ γ, cost a perceptron that starts at zero

    t ≤ R²/γ²   updates,   as   tγ ≤ w_t·w* ≤ ‖w_t‖ ≤ √t R.

What does not reach the margin is charged by its shortfall ξᵢ = max(0, γ − yᵢ w*·xᵢ): one pass over the samples makes
at most ((R + D)/γ)² mistakes, D² = Σ ξᵢ². `rhobar.nn.neurons.novikoff_bound` finds R and γ of a data set.

Textbook: A7, A8, B41

References:
    Novikoff (1962), On convergence proofs on perceptrons.
    Freund and Schapire (1999), Large margin classification using the perceptron algorithm, theorem 2.
"""

import math

from rhobar.theory.bound import Bound
from rhobar.theory.contracts import require_positive

__all__ = ["perceptron_mistakes"]


def perceptron_mistakes(radius: float, margin: float, *, shortfall: float = 0.0) -> Bound:
    """⌊((R + D)/γ)²⌋ mistakes at the most; with D = 0, ⌊R²/γ²⌋ updates in all passes together.

    Args:
        radius: R; with a bias, of the inputs augmented by 1, √(R² + 1).
        margin: γ of any unit vector w*; the best one's gives the least bound.
        shortfall: D, the root of the sum of squared shortfalls.

    Raises:
        ValueError: If the shortfall is negative.

    Example:
        >>> perceptron_mistakes(math.sqrt(5), 1.5).value  # 5 / 2.25, rounded down: mistakes are whole
        2.0

    Textbook: A7, A8
    """
    require_positive(radius=radius, margin=margin)
    if not shortfall >= 0:
        raise ValueError(f"shortfall must be at least 0, got {shortfall}.")
    separable = f"a unit vector separates the samples by {margin:.4g}"
    partly = (
        f"one pass; a unit vector separates by {margin:.4g} but for shortfalls of root sum of squares {shortfall:.4g}"
    )
    ratio = ((radius + shortfall) / margin) ** 2
    return Bound(
        float(math.floor(ratio * (1 + 1e-12))),
        0.0,
        (f"inputs of length {radius:.4g} at the most", "start at zero", partly if shortfall else separable),
    )
