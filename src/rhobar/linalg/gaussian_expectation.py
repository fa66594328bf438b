"""Expectations over normal variables by quadrature: exact to rounding for what is smooth between named kinks.

    E[f(z)] = ∫ f(√q u) e^(−u²/2) / √(2π) du,        z ~ N(0, q)
    E[f(x) g(y)],   x = √a u,   y = √b (c u + √(1 − c²) v),   u, v ~ N(0, 1) independent

By Gauss–Legendre on panels that end at the kinks; of y, as a function of v, they move with u.

Reference: Davis and Rabinowitz (1984), Methods of numerical integration, section 2.7 (Gauss rules on panels).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["gaussian_expectation", "gaussian_pair_expectation", "pointwise_slope"]

Pointwise = Callable[[Tensor], Tensor]

_REACH = 13.0  # the normal density is below 1e-37 there
_PANELS, _ORDER = 104, 20  # panels of ¼ with 20 Gauss-Legendre nodes: exact to rounding for what is smooth on a panel
_PAIR_PANELS, _PAIR_ORDER = 52, 10  # of ½ with 10 nodes: 270,000 evaluations for a pair


def gaussian_expectation(f: Pointwise, variance: float = 1.0, *, kinks: Sequence[float] = (0.0,)) -> float:
    """Return E[f(z)] for z ~ N(0, variance), by Gauss–Legendre quadrature on panels that end at the kinks.

    Args:
        f: A function of a tensor, entry by entry, in double precision.
        variance: Of z, above 0.
        kinks: Where f or its derivative jumps; at one that is not named a jump of f costs up to 2e-3 of its height, one
            of its derivative 3e-6.

    Raises:
        ValueError: If the variance is not positive and finite.

    Example:
        >>> round(gaussian_expectation(torch.square, 4.0), 12)
        4.0
    """
    if not 0 < variance < math.inf:
        raise ValueError(f"The variance must be a positive finite number, got {variance}.")
    ends = torch.tensor([k / math.sqrt(variance) for k in kinks], dtype=torch.float64)[None]
    u, w = _panels(ends, _PANELS, _ORDER)
    with torch.no_grad():
        return float((w[0] * f(u[0] * math.sqrt(variance))).sum())


def gaussian_pair_expectation(
    f: Pointwise, g: Pointwise, variances: tuple[float, float], correlation: float, *, kinks: Sequence[float] = (0.0,)
) -> float:
    """Return E[f(x) g(y)] for normal x and y of given variances a, b and correlation c.

    Args:
        f: Of x, entry by entry, in double precision.
        g: Of y.
        variances: a and b, above 0.
        correlation: c in [−1, 1].
        kinks: Of f and g.

    Raises:
        ValueError: If a variance is not positive and finite, or the correlation outside [−1, 1].

    Example:
        >>> round(gaussian_pair_expectation(torch.relu, torch.relu, (1.0, 1.0), 0.0), 12)  # 1/2π
        0.159154943092
    """
    a, b = variances
    if not (0 < a < math.inf and 0 < b < math.inf and -1 <= correlation <= 1):
        raise ValueError(f"Variances must be positive and |correlation| ≤ 1, got {variances} and {correlation}.")
    if abs(correlation) > 1 - 1e-15:
        sign = math.copysign(1.0, correlation)
        both = [k / math.sqrt(a) for k in kinks] + [sign * k / math.sqrt(b) for k in kinks]
        return gaussian_expectation(lambda u: f(math.sqrt(a) * u) * g(sign * math.sqrt(b) * u), kinks=both)
    rest = math.sqrt((1 - correlation) * (1 + correlation))
    points = torch.tensor(list(kinks), dtype=torch.float64)
    u, w = (t[0] for t in _panels(points[None] / math.sqrt(a), _PAIR_PANELS, _PAIR_ORDER))
    moved = (points / math.sqrt(b) - correlation * u[:, None]) / rest
    v, weights = _panels(moved, _PAIR_PANELS, _PAIR_ORDER)
    with torch.no_grad():
        inner = (weights * g(math.sqrt(b) * (correlation * u[:, None] + rest * v))).sum(1)
        return float((w * f(math.sqrt(a) * u) * inner).sum())


def pointwise_slope(phi: Pointwise, z: Tensor) -> Tensor:
    """Return φ′ at every entry of z, by autograd.

    Example:
        >>> pointwise_slope(torch.square, torch.tensor([3.0]))
        tensor([6.])
    """
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        (slope,) = torch.autograd.grad(phi(z).sum(), z, materialize_grads=True)
    return slope


def _panels(
    kinks: Float[Tensor, "rows kinks"], panels: int, order: int
) -> tuple[Float[Tensor, "rows nodes"], Float[Tensor, "rows nodes"]]:
    """Return nodes and weights for the standard normal, each row with panels that end at its own kinks."""
    ends = torch.linspace(-_REACH, _REACH, panels + 1, dtype=torch.float64).expand(len(kinks), -1)
    ends = torch.cat([ends, kinks.clamp(-_REACH, _REACH)], 1).sort(1).values  # a panel may be empty
    nodes, weights = (torch.from_numpy(a) for a in np.polynomial.legendre.leggauss(order))
    half = ends.diff(dim=1)[..., None] / 2
    u = (ends[:, :-1, None] + half * (nodes + 1)).flatten(1)
    density = torch.exp(-u.square() / 2) / math.sqrt(2 * math.pi)
    return u, (half * weights).flatten(1) * density
