"""What is known of an activation function: one row of the table."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

__all__ = ["Activation", "Pointwise"]

Pointwise = Callable[[Tensor], Tensor]
"""A function of a tensor that acts on every entry alone."""


@dataclass(frozen=True)
class Activation:
    """An activation function φ and its properties.

    A *saturation region* is a side on which φ′ → 0; a *dying region* is one in which φ′ = 0 exactly, so that no
    gradient passes (Textbook: A20). A unit is dead for good only if it lies there for all data and nothing before it
    moves.

    Differentiable, monotone, bounded, zero-centred are wishes (Textbook: C-§3.2.1): the ReLU lacks three of them, GELU
    and SiLU are not monotone.

    Attributes:
        name: Its key in the table.
        equation: In print.
        formula: φ by its equation; the oracle.
        production: φ as torch computes it, stable everywhere.
        module: Builds torch's layer.
        derivative: φ′ in closed form; for an activation that mixes entries, its Jacobian.
        range: Infimum and supremum of φ.
        attains: Whether φ reaches them, rather than only coming near.
        lipschitz: The least L with |φ(a) − φ(b)| ≤ L |a − b|; for one that mixes entries, in the Euclidean norm.
        slope_at_zero: φ′(0), by torch's convention where φ has a kink there.
        saturates: Whether φ′ → 0 for z → −∞ and for z → +∞.
        dying: The interval of z where φ′ = 0 exactly; None if there is none.
        kinks: Where φ′ jumps.
        monotone: Whether φ never falls.
        elementwise: Whether φ acts on every entry alone.
        summary: One line for the catalogue.
        reference: Where it was introduced.
        textbook: The ids it carries.
    """

    name: str
    equation: str
    formula: Pointwise
    production: Pointwise
    module: Callable[[], nn.Module]
    derivative: Pointwise
    range: tuple[float, float]
    attains: tuple[bool, bool]
    lipschitz: float
    slope_at_zero: float
    saturates: tuple[bool, bool]
    dying: tuple[float, float] | None
    kinks: tuple[float, ...]
    monotone: bool
    summary: str
    reference: str
    textbook: str = ""
    elementwise: bool = True

    @property
    def differentiable(self) -> bool:
        """Whether φ′ exists everywhere."""
        return not self.kinks

    @property
    def bounded(self) -> bool:
        """Whether φ stays between two numbers."""
        return math.isfinite(self.range[0]) and math.isfinite(self.range[1])

    @property
    def zero_centred(self) -> bool:
        """Whether φ takes values on both sides of 0 alike."""
        return self.range[0] == -self.range[1]
