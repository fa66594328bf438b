"""Momentum: a ball that gathers speed downhill."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["MomentumState", "momentum", "momentum_start"]


@dataclass(frozen=True)
class MomentumState:
    """The velocity v, of the parameters' shape."""

    v: Float[Tensor, "*shape"]


def momentum_start(params: Float[Tensor, "*shape"]) -> MomentumState:
    """Start at rest: v = 0."""
    return MomentumState(torch.zeros_like(params))


def momentum(
    state: MomentumState, gradient: Float[Tensor, "*shape"], *, lr: float = 1e-2, beta: float = 0.9
) -> tuple[MomentumState, Float[Tensor, "*shape"]]:
    """Add up the gradients with forgetting, and step along the sum (heavy ball).

        v ← βv + ηg
        Δ = −v

    A constant gradient reaches the speed η/(1 − β). On a quadratic of condition κ the best η and β contract the
    error by (√κ − 1)/(√κ + 1) a step, against (κ − 1)/(κ + 1) without momentum.

    Convention: η is inside v. torch keeps it outside, v ← βv + g, Δ = −ηv: the same iterates while η is constant;
    after η changes, torch's whole velocity is rescaled at once, this one only its new part.

    Args:
        state: v.
        gradient: g.
        lr: η > 0.
        beta: β in [0, 1).

    Returns:
        The new velocity, and the update Δ.

    Example:
        >>> state, _ = momentum(momentum_start(torch.zeros(1)), torch.ones(1), lr=1.0)
        >>> momentum(state, torch.ones(1), lr=1.0)[1]
        tensor([-1.9000])

    Reference: Polyak (1964), Some methods of speeding up the convergence of iteration methods.
    Textbook: B19, C35, C36, C-§5.2.1
    """
    v = beta * state.v + lr * gradient
    return MomentumState(v), -v
