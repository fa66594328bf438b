"""What every update rule is: (state, gradient) ↦ (state, update), with θ ← θ + update."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["Rule", "descend"]


def _at_params(_state: object, params: Tensor, **_settings: object) -> Tensor:
    return params


@dataclass(frozen=True)
class Rule:
    """One update rule and what it needs to run.

    Attributes:
        step: (state, gradient, *, settings) ↦ (state, update); pure.
        start: θ₀ ↦ the state before the first step.
        point: (state, θ, *, settings) ↦ where the gradient is to be taken; θ itself for all but Nesterov's.
    """

    step: Callable[..., tuple[Any, Tensor]]
    start: Callable[[Tensor], Any]
    point: Callable[..., Tensor] = _at_params

    @property
    def summary(self) -> str:
        """The first line of the rule's docstring."""
        return (self.step.__doc__ or "").strip().splitlines()[0]


def descend(
    rule: Rule,
    gradient: Callable[[Tensor], Tensor],
    start: Float[Tensor, "*shape"],
    *,
    num_steps: int,
    **settings: Any,
) -> Float[Tensor, " iterates *shape"]:
    """Follow a rule from a start: θ_{t+1} = θ_t + update(state_t, ∇L(point_t)).

    Args:
        rule: One of `RULES`.
        gradient: θ ↦ ∇L(θ), or a noisy estimate of it.
        start: θ₀.
        num_steps: Number of updates.
        **settings: Of the rule: `lr`, `beta`, …

    Returns:
        The iterates θ₀ … θ_T, stacked.

    Raises:
        ValueError: If the number of steps is negative.

    Example:
        >>> from rhobar.optim.rules import RULES
        >>> descend(RULES["gradient-descent"], lambda x: 2 * x, torch.tensor([1.0]), num_steps=2, lr=0.25).flatten()
        tensor([1.0000, 0.5000, 0.2500])
    """
    if num_steps < 0:
        raise ValueError(f"num_steps must be at least 0, got {num_steps}.")
    state, iterates = rule.start(start), [start]
    for _ in range(num_steps):
        params = iterates[-1]
        state, update = rule.step(state, gradient(rule.point(state, params, **settings)), **settings)
        iterates.append(params + update)
    return torch.stack(iterates)
