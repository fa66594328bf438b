"""A guarantee, with what it takes to hold.

Reference: Valiant (1984), A theory of the learnable: probably (1 − δ), approximately (the value) correct.
"""

from dataclasses import dataclass

__all__ = ["Bound"]


@dataclass(frozen=True)
class Bound:
    """A number that a quantity does not exceed, with probability at least 1 − δ.

    Attributes:
        value: The bound, in the unit of the quantity.
        delta: δ, the probability with which it may fail; 0 for what always holds.
        assumptions: What must be true of the data and the learner; where one is false, the bound says nothing.
        terms: Named summands of which the value is the sum, largest uncertainty last; empty if it is no sum.
    """

    value: float
    delta: float
    assumptions: tuple[str, ...]
    terms: tuple[tuple[str, float], ...] = ()

    def vacuous(self, trivial: float = 1.0) -> bool:
        """Return whether the bound says no more than what is known anyway, such as a loss of at most one.

        Example:
            >>> Bound(1.2, 0.05, ("independent samples",)).vacuous()
            True
        """
        return not self.value < trivial
