"""AdamW: weight decay beside Adam's step, not inside its gradient."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from rhobar.optim.rules.adam import adam
from rhobar.optim.rules.moments import Moments, moments_start

__all__ = ["AdamWState", "adamw", "adamw_start"]


@dataclass(frozen=True)
class AdamWState:
    """Adam's moments, and the parameters θ, which the decay needs."""

    moments: Moments
    params: Float[Tensor, "*shape"]


def adamw_start(params: Float[Tensor, "*shape"]) -> AdamWState:
    """Start from zero moments at θ₀."""
    return AdamWState(moments_start(params), params)


def adamw(
    state: AdamWState,
    gradient: Float[Tensor, "*shape"],
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[AdamWState, Float[Tensor, "*shape"]]:
    """Shrink the parameters in proportion, beside Adam's step.

        Δ = −η( m̂ / (√v̂ + ε) + λθ )

    Adam with λθ added to the gradient differs: there the decay of a parameter is divided by √v̂, so that those with
    large gradients hardly decay. `torch.optim.AdamW` computes the same; the paper scales λ by the schedule's factor
    alone, not by η.

    Args:
        state: Adam's moments and θ.
        gradient: g.
        lr: η > 0.
        beta1: β₁ in [0, 1).
        beta2: β₂ in [0, 1).
        eps: ε > 0, in units of g, outside the root.
        weight_decay: λ ≥ 0.

    Returns:
        The new state, and the update Δ.

    Example:
        >>> import torch
        >>> adamw(adamw_start(torch.tensor([2.0])), torch.tensor([5.0]), lr=1.0, weight_decay=0.1)[1]
        tensor([-1.2000])

    Reference: Loshchilov and Hutter (2019), Decoupled weight decay regularization, algorithm 2.
    Textbook: C51
    """
    moments, step = adam(state.moments, gradient, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    update = step - lr * weight_decay * state.params
    return AdamWState(moments, state.params + update), update
