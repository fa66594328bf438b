"""Adam as some texts give it: without bias correction."""

from jaxtyping import Float
from torch import Tensor

from rhobar.optim.rules.moments import Moments, next_moments

__all__ = ["uncorrected_adam"]


def uncorrected_adam(
    state: Moments,
    gradient: Float[Tensor, "*shape"],
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Moments, Float[Tensor, "*shape"]]:
    """Step by the moments as they are, biased towards zero at the start.

        m ← β₁m + (1 − β₁)g
        v ← β₂v + (1 − β₂)g²
        Δ = −η m / (√v + ε)

    This is not Adam: the first step is η(1 − β₁)/√(1 − β₂), 3.16 η with the defaults, since v is more biased than
    m. torch has no such rule; its Adam gives the same steps with the rate η(1 − β₁ᵗ)/√(1 − β₂ᵗ) and ε/√(1 − β₂ᵗ)
    set before each.

    Args:
        state: t, m, v.
        gradient: g.
        lr: η > 0.
        beta1: β₁ in [0, 1).
        beta2: β₂ in [0, 1).
        eps: ε > 0, in units of g, outside the root.

    Returns:
        The new moments, and the update Δ.

    Example:
        >>> import torch
        >>> from rhobar.optim.rules.moments import moments_start
        >>> uncorrected_adam(moments_start(torch.zeros(1)), torch.tensor([3.0]), lr=1.0)[1]
        tensor([-3.1623])

    Reference: Kingma and Ba (2015), Adam, section 3, on why the correction is needed.
    Textbook: B20
    """
    new = next_moments(state, gradient, beta1, beta2)
    return new, -lr * new.m / (new.v.sqrt() + eps)
