"""Vapnik and Chervonenkis: an infinite class counts by how many labellings of n points it has.

The growth function m(n) is the largest number of labellings of n points; the dimension d is the most points that are
shattered, m(d) = 2^d. From there on the growth is polynomial (Sauer):

    m(n) ≤ Σ_{i≤d} C(n, i) ≤ (e n/d)^d,
    R(h) ≤ R̂(h) + √((ln m(2n) + ln(4/δ))/n) + 1/n   for all h at once, with probability 1 − δ.

Half-spaces through the origin in d dimensions have 2 Σ_{k<d} C(n − 1, k) labellings of any n points in general
position (Cover), and dimension d.

Textbook: B40, B45, B67

References:
    Vapnik and Chervonenkis (1971), On the uniform convergence of relative frequencies of events to probabilities.
    Vapnik (1998), Statistical learning theory, theorem 4.1 and section 4.9.
    Sauer (1972), On the density of families of sets.
    Cover (1965), Geometrical and statistical properties of systems of linear inequalities, theorem 1.
"""

import itertools
import math

import torch
from jaxtyping import Bool
from torch import Tensor

from rhobar.theory.bound import Bound
from rhobar.theory.contracts import require_confidence, require_unit

__all__ = ["growth_penalty", "halfspace_labellings", "sauer", "vc_bound", "vc_dimension", "vc_penalty"]


def sauer(num_points: int, dimension: int) -> int:
    """The most labellings of n points by a class of dimension d, Σ_{i≤d} C(n, i); exactly 2^n up to n = d.

    Args:
        num_points: n.
        dimension: d.

    Example:
        >>> sauer(3, 3), sauer(10, 2)
        (8, 56)

    Reference: Sauer (1972); attained by all sets of at most d points.
    """
    return sum(math.comb(num_points, i) for i in range(dimension + 1))


def halfspace_labellings(num_points: int, dimension: int) -> int:
    """Labellings of n points in general position by hyperplanes through the origin, 2 Σ_{k<d} C(n − 1, k).

    Of 2d points half of all labellings are linear: a threshold unit holds two bits a weight.

    Args:
        num_points: n ≥ 1.
        dimension: d, the number of weights; with a bias, features plus one.

    Example:
        >>> halfspace_labellings(4, 3)  # all of the 16 but the two XORs
        14

    Reference: Cover (1965), theorem 1.
    """
    return 2 * sum(math.comb(num_points - 1, k) for k in range(dimension))


def vc_dimension(labellings: Bool[Tensor, "functions points"]) -> int:
    """The most points that a finite class shatters: that some of its functions label in every one of the 2^d ways.

    Args:
        labellings: What each function says of each point. Exhaustive search: for some 20 points at the most.

    Returns:
        d; −1 for a class without functions.

    Example:
        >>> thresholds = torch.ones(4, 5).triu(1).bool()[:, :5]
        >>> vc_dimension(thresholds)
        1

    Reference: Vapnik and Chervonenkis (1971).
    """
    rows = torch.unique(labellings, dim=0)
    if rows.shape[0] == 0:
        return -1
    dimension = 0
    while 2 ** (dimension + 1) <= rows.shape[0] and any(
        torch.unique(rows[:, list(points)], dim=0).shape[0] == 2 ** (dimension + 1)
        for points in itertools.combinations(range(rows.shape[1]), dimension + 1)
    ):
        dimension += 1
    return dimension


def growth_penalty(log_growth: float, num_samples: int, delta: float) -> float:
    """Bound of R − R̂ for a class by its growth, √((ln m(2n) + ln(4/δ))/n) + 1/n.

    Args:
        log_growth: ln m(2n), in nats: of twice as many points as there are samples.
        num_samples: n.
        delta: δ.

    Example:
        >>> round(growth_penalty(math.log(sauer(20_000, 3)), 10_000, 0.05), 4)
        0.0569
    """
    require_confidence(num_samples, delta)
    return math.sqrt((log_growth + math.log(4 / delta)) / num_samples) + 1 / num_samples


def vc_penalty(dimension: int, num_samples: int, delta: float) -> float:
    """Vapnik's bound on R − R̂ for a class of VC dimension d, √((d(ln(2n/d) + 1) + ln(4/δ))/n) + 1/n.

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
        0.0582

    Textbook: B67
    """
    require_confidence(num_samples, delta)
    d, n = dimension, num_samples
    if not 1 <= d <= n:
        raise ValueError(f"The VC dimension must be between 1 and num_samples = {n}, got {d}.")
    return growth_penalty(d * (math.log(2 * n / d) + 1), n, delta)


def vc_bound(empirical: float, dimension: int, num_samples: int, delta: float) -> Bound:
    """R(h) ≤ R̂(h) + the penalty of `vc_penalty`.

    Args:
        empirical: R̂(h), the share of errors.
        dimension: d.
        num_samples: n ≥ d.
        delta: δ.

    Example:
        >>> round(vc_bound(0.1, 3, 10_000, 0.05).value, 4)
        0.1582

    Textbook: B67
    """
    require_unit(empirical=empirical)
    penalty = vc_penalty(dimension, num_samples, delta)
    assumptions = (
        "samples independent, of the distribution that the risk is taken over",
        "0–1 loss",
        f"the learner's functions have VC dimension {dimension} at the most",
    )
    return Bound(empirical + penalty, delta, assumptions, (("empirical", empirical), ("penalty", penalty)))
