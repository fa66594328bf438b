"""Lookahead: fast weights explore, slow weights follow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.optim.rules.gradient_descent import gradient_descent

__all__ = ["LookaheadState", "lookahead", "lookahead_start"]


@dataclass(frozen=True)
class LookaheadState:
    """After t steps: slow weights φ, fast weights θ, and the state of the inner rule."""

    t: int
    slow: Float[Tensor, "*shape"]
    fast: Float[Tensor, "*shape"]
    inner: object = None


def lookahead_start(params: Float[Tensor, "*shape"], inner: object = None) -> LookaheadState:
    """Start with φ = θ = θ₀, and the inner rule's own start."""
    return LookaheadState(0, params, params, inner)


def lookahead(
    state: LookaheadState,
    gradient: Float[Tensor, "*shape"],
    *,
    k: int = 5,
    alpha: float = 0.5,
    inner: Callable[..., tuple[Any, Tensor]] = gradient_descent,
    **settings: Any,
) -> tuple[LookaheadState, Float[Tensor, "*shape"]]:
    """Let an inner rule take k steps, then move from their start only part of the way to their end.

        θ ← θ + inner(g);   after every k steps:  φ ← φ + α(θ − φ),  θ ← φ

    The inner rule's state (momentum, moments) is kept across the move. torch has no Lookahead;
    `rhobar.optim.Lookahead` is the production version.

    Args:
        state: t, φ, θ and the inner state.
        gradient: g at θ.
        k: Inner steps between two moves of the slow weights, at least 1.
        alpha: α in (0, 1]; at 1 the inner rule runs on undisturbed.
        inner: The inner rule.
        **settings: Of the inner rule.

    Returns:
        The new state, and the update of θ.

    Example:
        >>> state, update = lookahead(lookahead_start(torch.zeros(1)), torch.ones(1), k=1, lr=1.0)
        >>> update
        tensor([-0.5000])

    Reference: Zhang et al. (2019), Lookahead optimizer: k steps forward, 1 step back, algorithm 1.
    Textbook: C-§5.5.2
    """
    inner_state, update = inner(state.inner, gradient, **settings)
    t, slow, fast = state.t + 1, state.slow, state.fast + update
    if t % k == 0:
        slow = fast = torch.lerp(slow, fast, alpha)
    return LookaheadState(t, slow, fast, inner_state), fast - state.fast
