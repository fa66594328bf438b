"""The way that each update rule takes over a landscape, each at its own best rate.

A rule is given the rate of a common grid at which it arrives first: within a thousandth of the way down,
L(θ_t) − L* ≤ (L(θ₀) − L*)/1000, for that step and all later ones. Rates at which it never arrives count as endless.
Without tuning such a comparison only says whose default happens to fit.

Reference: Choi et al. (2019), On empirical comparisons of optimizers for deep learning, section 4.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.optim.landscapes import Landscape
from rhobar.optim.rules import RULES, Rule, descend

__all__ = ["RATES", "Trajectory", "compare_rules", "steps_to_arrive"]

RATES: tuple[float, ...] = tuple(float(f"{10 ** (k / 3):.3g}") for k in range(-9, 4))
"""From 0.001 to 10, three a decade."""


@dataclass(frozen=True)
class Trajectory:
    """One rule's way.

    Attributes:
        rule: Its name.
        lr: η, the best of the grid.
        points: θ₀ … θ_T.
        losses: L(θ_t).
        steps: When it arrived for good; ``None`` if it did not.
    """

    rule: str
    lr: float
    points: Float[Tensor, "iterates 2"]
    losses: Float[Tensor, " iterates"]
    steps: int | None


def steps_to_arrive(losses: Float[Tensor, " iterates"], least: float, *, share: float = 1e-3) -> int | None:
    """Return the first step from which on the loss stays within a share of the way down.

    Args:
        losses: L(θ_t).
        least: L*.
        share: Of L(θ₀) − L* that may remain.

    Returns:
        The step, or ``None``.

    Example:
        >>> steps_to_arrive(torch.tensor([1.0, 1e-4, 0.5, 1e-4, 1e-5]), 0.0)
        3
    """
    away = ~(losses - least <= share * (losses[0] - least))  # NaN is away
    last = int(away.nonzero().max()) if bool(away.any()) else -1
    return last + 1 if last + 1 < len(losses) else None


def compare_rules(
    landscape: Landscape,
    *,
    num_steps: int = 200,
    rates: Sequence[float] = RATES,
    rules: Mapping[str, Rule] = RULES,
) -> list[Trajectory]:
    """Follow every rule at its best rate.

    Args:
        landscape: Where.
        num_steps: T.
        rates: The grid, the same for all rules.
        rules: Name ↦ rule; other settings stay at their defaults.

    Returns:
        One way a rule, the first to arrive first; those that do not arrive by their last loss.

    Example:
        >>> from rhobar.optim.landscapes import LANDSCAPES
        >>> ways = compare_rules(
        ...     LANDSCAPES["quadratic"],
        ...     rates=[0.01, 0.05],
        ...     num_steps=100,
        ...     rules={"gradient-descent": RULES["gradient-descent"]},
        ... )
        >>> ways[0].lr, ways[0].steps
        (0.05, 62)

    Textbook: A57, C-§5.1.1, C-§5.2.1.
    """
    start = torch.tensor(landscape.start, dtype=torch.float64)
    least = float(landscape.loss(torch.tensor(landscape.minima[0], dtype=torch.float64)))
    best: list[Trajectory] = []
    for name, rule in rules.items():
        ways = []
        for lr in rates:
            points = descend(rule, landscape.gradient, start, num_steps=num_steps, lr=lr)
            losses = landscape.loss(points)
            ways.append(Trajectory(name, lr, points, losses, steps_to_arrive(losses, least)))
        best.append(min(ways, key=_order))
    return sorted(best, key=_order)


def _order(way: Trajectory) -> tuple[float, float]:
    """Steps to arrive first, then the last loss; what is not finite last."""
    last = float(way.losses[-1])
    return (float("inf") if way.steps is None else float(way.steps), last if math.isfinite(last) else float("inf"))
