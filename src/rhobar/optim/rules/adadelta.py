"""AdaDelta: steps in the parameters' own units."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["AdadeltaState", "adadelta", "adadelta_start"]


@dataclass(frozen=True)
class AdadeltaState:
    """Running means of the squared gradients, v, and of the squared updates, u."""

    v: Float[Tensor, "*shape"]
    u: Float[Tensor, "*shape"]


def adadelta_start(params: Float[Tensor, "*shape"]) -> AdadeltaState:
    """Start from v = u = 0."""
    return AdadeltaState(torch.zeros_like(params), torch.zeros_like(params))


def adadelta(
    state: AdadeltaState, gradient: Float[Tensor, "*shape"], *, lr: float = 1.0, beta: float = 0.9, eps: float = 1e-6
) -> tuple[AdadeltaState, Float[Tensor, "*shape"]]:
    """Scale the gradient by the size of past updates over the size of past gradients.

        v ← βv + (1 − β)g²
        d = √(u + ε) / √(v + ε) · g
        u ← βu + (1 − β)d²
        Δ = −η d

    It is said to need no rate (η = 1), but ε sets the start: the first |Δ| is √(ε/(1 − β)) whatever the gradient.
    torch computes the same; it calls β `rho`.

    Args:
        state: v and u.
        gradient: g.
        lr: η > 0.
        beta: β in [0, 1).
        eps: ε > 0.

    Returns:
        The new means, and the update Δ.

    Example:
        >>> adadelta(adadelta_start(torch.zeros(1)), torch.tensor([5.0]), eps=1e-4)[1]
        tensor([-0.0316])

    Reference: Zeiler (2012), ADADELTA, algorithm 1.
    Textbook: C43, C44, C45, C46
    """
    v = beta * state.v + (1 - beta) * gradient**2
    d = (state.u + eps).sqrt() / (v + eps).sqrt() * gradient
    u = beta * state.u + (1 - beta) * d**2
    return AdadeltaState(v, u), -lr * d
