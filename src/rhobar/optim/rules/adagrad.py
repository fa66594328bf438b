"""AdaGrad: a rate of its own for each parameter, from all its past gradients."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["AdagradState", "adagrad", "adagrad_start"]


@dataclass(frozen=True)
class AdagradState:
    """G, the sum of the squared gradients."""

    G: Float[Tensor, "*shape"]


def adagrad_start(params: Float[Tensor, "*shape"]) -> AdagradState:
    """Start from G = 0."""
    return AdagradState(torch.zeros_like(params))


def adagrad(
    state: AdagradState, gradient: Float[Tensor, "*shape"], *, lr: float = 1e-2, eps: float = 1e-8
) -> tuple[AdagradState, Float[Tensor, "*shape"]]:
    """Divide the gradient by the root of the sum of its squares.

        G ← G + g²
        Δ = −η g / √(G + ε)

    Under gradients of constant size the effective rate falls like 1/√t.

    Convention: ε is inside the root. torch divides by √G + ε with ε = 1e-10; `torch.optim.Adagrad` with
    `initial_accumulator_value=ε, eps=0` is this rule exactly.

    Args:
        state: G.
        gradient: g.
        lr: η > 0.
        eps: ε > 0, in units of g².

    Returns:
        The new sum, and the update Δ.

    Example:
        >>> adagrad(adagrad_start(torch.zeros(2)), torch.tensor([3.0, -0.5]), lr=1.0)[1]
        tensor([-1.,  1.])

    Reference: Duchi, Hazan and Singer (2011), Adaptive subgradient methods.
    Textbook: C39, C40
    """
    G = state.G + gradient**2
    return AdagradState(G), -lr * gradient / (G + eps).sqrt()
