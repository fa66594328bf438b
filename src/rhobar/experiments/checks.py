"""A prediction held against a measurement, by a test that is stated.

A measurement with a standard error s is within k standard errors of what was predicted, or on the right side of it by
less than k of them; k = 4 lets one true claim of 16,000 fail by chance. A measurement without error bar is exact.
"""

import math
from dataclasses import dataclass

from rhobar.probes.estimate import Estimate

__all__ = ["Check", "at_least", "at_most", "equal", "near", "true"]

SIGMAS = 4.0
"""Standard errors that chance is granted."""


@dataclass(frozen=True)
class Check:
    """One prediction and what was measured.

    Attributes:
        says: What is predicted, in words, with its unit.
        predicted: The number predicted.
        measured: The number measured; its error is 0 where there is none.
        holds: Whether the test was passed.
        test: The test, in words.
    """

    says: str
    predicted: float
    measured: Estimate
    holds: bool
    test: str


def _estimate(measured: Estimate | float) -> Estimate:
    return measured if isinstance(measured, Estimate) else Estimate(float(measured), 0.0)


def equal(says: str, predicted: float, measured: Estimate, *, bias: float = 0.0) -> Check:
    """Ask that |measured − predicted| ≤ 4 s + b, for a measurement with a standard error s.

    Args:
        says: What is predicted.
        predicted: The number.
        measured: What was measured.
        bias: b, an error that the theory itself states (such as O(1/width)), in the same unit.

    Example:
        >>> equal("mean", 1.0, Estimate(1.1, 0.05)).holds, equal("mean", 1.0, Estimate(1.3, 0.05)).holds
        (True, False)
    """
    distance = abs(measured.value - predicted)
    allowed = SIGMAS * measured.stderr + bias
    return Check(says, predicted, measured, distance <= allowed, f"|difference| {distance:.3g} ≤ {allowed:.3g}")


def near(says: str, predicted: float, measured: Estimate | float, *, relative: float) -> Check:
    """Ask that |measured − predicted| ≤ r |predicted|: for what is predicted up to rounding, or to leading order.

    Example:
        >>> near("rate", 2.0, 2.0 + 1e-9, relative=1e-6).holds
        True
    """
    measured = _estimate(measured)
    error = abs(measured.value - predicted) / abs(predicted) if predicted else math.inf
    return Check(says, predicted, measured, error <= relative, f"relative difference {error:.3g} ≤ {relative:.3g}")


def at_most(says: str, bound: float, measured: Estimate | float) -> Check:
    """Ask that measured − 4 s ≤ bound.

    Example:
        >>> at_most("updates", 10.0, 7.0).holds, at_most("updates", 10.0, float("nan")).holds
        (True, False)
    """
    measured = _estimate(measured)
    lowest = measured.value - SIGMAS * measured.stderr
    return Check(says, bound, measured, lowest <= bound, f"{lowest:.3g} ≤ {bound:.3g}")


def at_least(says: str, bound: float, measured: Estimate | float) -> Check:
    """Ask that measured + 4 s ≥ bound.

    Example:
        >>> at_least("accuracy", 0.9, Estimate(0.89, 0.01)).holds
        True
    """
    measured = _estimate(measured)
    highest = measured.value + SIGMAS * measured.stderr
    return Check(says, bound, measured, highest >= bound, f"{highest:.3g} ≥ {bound:.3g}")


def true(says: str, holds: bool) -> Check:
    """Ask that something is so, where it is no number.

    Example:
        >>> true("a linear program finds no line", holds=True).holds
        True
    """
    return Check(says, 1.0, Estimate(float(holds), 0.0), holds, "is so")
