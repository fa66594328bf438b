"""Between which bounds the singular values of a large random matrix lie.

For J = D W, W of m × n independent entries of variance s², D diagonal with t = d² distributed as given, the squared
singular values fill, in units of n s², the complement of {λ(x): λ'(x) > 0} with

    λ(x) = −1/x + (m/n) E[t / (1 + t x)].

So the upper edge is the least λ on (−1/max t, 0). With D = I these are the edges of Marchenko and Pastur,

    s |√m − √n| ≤ σ ≤ s (√m + √n).

At finite size σ₁² scatters about its edge by the Tracy–Widom scale (√m + √n)(1/√m + 1/√n)^(1/3) s², of relative order
n^(−2/3).

Textbook: A73

References:
    Marchenko and Pastur (1967), Distribution of eigenvalues for some sets of random matrices.
    Silverstein and Choi (1995), Analysis of the limiting spectral distribution, theorems 4.1 and 4.2.
    Johnstone (2001), On the distribution of the largest eigenvalue in principal components analysis, theorem 1.1.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["Band", "singular_value_band"]


@dataclass(frozen=True)
class Band:
    """The bulk of singular values.

    Attributes:
        low: Lower edge of the min(m, n) singular values; zero if some vanish.
        high: Upper edge.
        scale: Standard deviation scale of the largest one about its edge, by Tracy and Widom: σ₁ beyond
            high + 2 scale has a probability of about 1 % in a matrix without structure. NaN unless D = I.
    """

    low: float
    high: float
    scale: float


def singular_value_band(
    m: int, n: int, std: float, *, slopes: Float[Tensor, " k"] | None = None, weights: Float[Tensor, " k"] | None = None
) -> Band:
    """Return where the singular values of D W lie.

    Args:
        m: Rows of W.
        n: Columns of W.
        std: s, of its entries.
        slopes: Values of d; by default D = I.
        weights: Their probabilities; by default equal.

    Raises:
        ValueError: If a size is not positive or the standard deviation negative.

    Example:
        >>> band = singular_value_band(100, 400, 0.1)
        >>> round(band.low, 6), round(band.high, 6)
        (1.0, 3.0)
    """
    if min(m, n) < 1 or not std >= 0:
        raise ValueError(f"Sizes must be at least 1 and std at least 0, got {m}, {n} and {std}.")
    if slopes is None:
        root = math.sqrt(m) + math.sqrt(n)
        scale = root * (1 / math.sqrt(m) + 1 / math.sqrt(n)) ** (1 / 3)  # of σ₁², in units of s²
        return Band(std * abs(math.sqrt(m) - math.sqrt(n)), std * root, std * scale / (2 * root))
    t = slopes.double().square()
    w = torch.full_like(t, 1 / len(t)) if weights is None else weights.double() / weights.double().sum()
    if not t.max() > 0:
        return Band(0.0, 0.0, float("nan"))
    unit = std * math.sqrt(n)
    top = t.max().item()

    def edge(x: float) -> float:
        return -1 / x + m / n * float((w * t / (1 + t * x)).sum())

    high = _least(lambda s: edge(-s / top), 1e-9, 1 - 1e-9)
    low = _low(edge, t, w, m / n)
    return Band(unit * math.sqrt(max(low, 0.0)), unit * math.sqrt(high), float("nan"))


def _low(edge: Callable[[float], float], t: Tensor, w: Tensor, ratio: float) -> float:
    positive = float(w[t > 0].sum())
    if ratio * positive > 1:  # all n singular values are positive: x > 0
        return -_least(lambda s: -edge(s / (1 - s) / t.max().item()), 1e-9, 1 - 1e-9)
    if ratio < 1 and positive > 1 - 1e-12:  # all m are: x < −1/min t
        return -_least(lambda s: -edge(-1 / (t.min().item() * s)), 1e-9, 1 - 1e-9)
    return 0.0


def _least(f: Callable[[float], float], a: float, b: float) -> float:
    """Return the least value of a function with one minimum, by golden section."""
    ratio = (math.sqrt(5) - 1) / 2
    c, d = b - ratio * (b - a), a + ratio * (b - a)
    fc, fd = f(c), f(d)
    for _ in range(90):
        if fc < fd:
            b, d, fd = d, c, fc
            c = b - ratio * (b - a)
            fc = f(c)
        else:
            a, c, fc = c, d, fd
            d = a + ratio * (b - a)
            fd = f(d)
    return min(fc, fd)
