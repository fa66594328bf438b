"""RMSprop: AdaGrad that forgets."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["RMSpropState", "rmsprop", "rmsprop_start"]


@dataclass(frozen=True)
class RMSpropState:
    """v, the running mean of the squared gradients."""

    v: Float[Tensor, "*shape"]


def rmsprop_start(params: Float[Tensor, "*shape"]) -> RMSpropState:
    """Start from v = 0, which biases the first means towards zero."""
    return RMSpropState(torch.zeros_like(params))


def rmsprop(
    state: RMSpropState, gradient: Float[Tensor, "*shape"], *, lr: float = 1e-3, beta: float = 0.9, eps: float = 1e-8
) -> tuple[RMSpropState, Float[Tensor, "*shape"]]:
    """Divide the gradient by the root of the running mean of its squares.

        v ← βv + (1 − β)g²
        Δ = −η g / √(v + ε)

    Convention: ε is inside the root, β = 0.9. torch divides by √v + ε, calls β `alpha` and sets it to 0.99: its
    update is this one times √(v + ε)/(√v + ε), equal for ε = 0.

    Args:
        state: v.
        gradient: g.
        lr: η > 0.
        beta: β in [0, 1).
        eps: ε > 0, in units of g².

    Returns:
        The new mean, and the update Δ.

    Example:
        >>> rmsprop(rmsprop_start(torch.zeros(1)), torch.tensor([2.0]), lr=1.0, beta=0.75)[1]
        tensor([-2.])

    Reference: Tieleman and Hinton (2012), Neural networks for machine learning, lecture 6.5.
    Textbook: C41, C42
    """
    v = beta * state.v + (1 - beta) * gradient**2
    return RMSpropState(v), -lr * gradient / (v + eps).sqrt()
