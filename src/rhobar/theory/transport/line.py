"""Optimal transport on a line: mass goes in order, and nothing else need be solved.

    W_p(μ, ν)^p = ∫₀¹ |F⁻¹(u) − G⁻¹(u)|^p du  =  Σ mass_k |x_{i_k} − y_{j_k}|^p

for every cost that is convex in the distance; with equal numbers of equal weights, W_1 is the mean difference of the
sorted samples. The plan has at most n + m − 1 entries.

Textbook: B77

Reference: Peyré and Cuturi (2019), Computational optimal transport, section 2.6 and eq. (2.37).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rhobar.theory.information.identities import require_distribution

__all__ = ["LinePlan", "transport_on_line"]


@dataclass(frozen=True)
class LinePlan:
    """The distance and the plan that attains it.

    Attributes:
        distance: W_p.
        rows: i_k, which of x the mass comes from.
        columns: j_k, which of y it goes to.
        mass: How much, summing to one.
    """

    distance: float
    rows: Int[Tensor, " entries"]
    columns: Int[Tensor, " entries"]
    mass: Float[Tensor, " entries"]


def transport_on_line(
    x: Float[Tensor, " n"],
    y: Float[Tensor, " m"],
    *,
    power: float = 1.0,
    weights: tuple[Float[Tensor, " n"], Float[Tensor, " m"]] | None = None,
) -> LinePlan:
    """Return W_p between weighted points of a line, and the plan.

    Args:
        x: Points.
        y: Other points.
        power: p ≥ 1.
        weights: Of x and of y, each summing to one; equal by default.

    Raises:
        ValueError: If p is below one.

    Example:
        >>> transport_on_line(torch.tensor([3.0, 1.0]), torch.tensor([2.0, 5.0])).distance  # 1 → 2, 3 → 5
        1.5

    Textbook: B77
    """
    if not power >= 1:
        raise ValueError(f"power must be at least 1, got {power}; below, crossing may be cheaper.")
    orders: list[Tensor] = []
    ends: list[Tensor] = []
    for points, weight in ((x, None if weights is None else weights[0]), (y, None if weights is None else weights[1])):
        order = points.argsort()
        each = torch.full(points.shape, 1 / len(points), dtype=torch.float64)
        mass = each if weight is None else require_distribution(weight, "weights")
        cumulated = mass[order].cumsum(0)
        cumulated[-1] = 1.0
        orders.append(order)
        ends.append(cumulated.clamp(max=1.0))
    cuts = torch.cat(ends).sort().values
    mass = cuts.diff(prepend=torch.zeros(1, dtype=torch.float64))
    middle = cuts - mass / 2
    rows, columns = (
        order[torch.searchsorted(end, middle).clamp(max=len(order) - 1)]
        for order, end in zip(orders, ends, strict=True)
    )
    moved = mass > 0
    rows, columns, mass = rows[moved], columns[moved], mass[moved]
    work = float((mass * (x.double()[rows] - y.double()[columns]).abs() ** power).sum())
    return LinePlan(work ** (1 / power), rows, columns, mass)
