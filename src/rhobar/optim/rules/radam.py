"""RAdam: Adam whose step waits until the second moment can be trusted."""

import math

from jaxtyping import Float
from torch import Tensor

from rhobar.optim.rules.moments import Moments, next_moments

__all__ = ["radam", "rectification", "rho"]


def rho(t: int, beta2: float) -> float:
    """Return the length of the simple average that the running second moment amounts to after t gradients.

        ρ_t = ρ_∞ − 2tβ₂ᵗ/(1 − β₂ᵗ),   ρ_∞ = 2/(1 − β₂) − 1

    Example:
        >>> round(rho(1, 0.999), 6), round(rho(10**6, 0.999), 6)
        (1.0, 1999.0)
    """
    return 2 / (1 - beta2) - 1 - 2 * t * beta2**t / (1 - beta2**t)


def rectification(t: int, beta2: float, *, threshold: float = 4.0) -> float | None:
    """Return r_t, which tends to 1, or None while the variance of the adaptive rate is not finite.

        r_t = √[ (ρ_t − 4)(ρ_t − 2)ρ_∞ / ((ρ_∞ − 4)(ρ_∞ − 2)ρ_t) ]   if ρ_t > threshold

    Example:
        >>> rectification(4, 0.999), round(rectification(10**5, 0.999), 6)
        (None, 1.0)
    """
    rho_t, rho_inf = rho(t, beta2), 2 / (1 - beta2) - 1
    if rho_t <= threshold:
        return None
    return math.sqrt((rho_t - 4) * (rho_t - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho_t))


def radam(
    state: Moments,
    gradient: Float[Tensor, "*shape"],
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    threshold: float = 4.0,
) -> tuple[Moments, Float[Tensor, "*shape"]]:
    """Step by momentum alone at first, then by Adam's step times r_t.

        Δ = −η m̂ r_t √(1 − β₂ᵗ) / (√v + ε)   if ρ_t > 4
        Δ = −η m̂                              otherwise

    Convention: the paper rectifies from ρ_t > 4 on, torch from ρ_t > 5 (`threshold=5`), one step later for
    β₂ = 0.999. As in torch and in the authors' code, ε is added to the uncorrected √v.

    Args:
        state: t, m, v.
        gradient: g.
        lr: η > 0.
        beta1: β₁ in [0, 1).
        beta2: β₂ in [0, 1).
        eps: ε > 0, in units of g.
        threshold: The least ρ_t that is trusted, at least 4.

    Returns:
        The new moments, and the update Δ.

    Example:
        >>> import torch
        >>> from rhobar.optim.rules.moments import moments_start
        >>> radam(moments_start(torch.zeros(1)), torch.tensor([3.0]), lr=1.0)[1]
        tensor([-3.])

    Reference: Liu et al. (2020), On the variance of the adaptive learning rate and beyond, algorithm 2.
    Textbook: C52, C-§5.5.3
    """
    new = next_moments(state, gradient, beta1, beta2)
    m_hat = new.m / (1 - beta1**new.t)
    r = rectification(new.t, beta2, threshold=threshold)
    if r is None:
        return new, -lr * m_hat
    return new, -lr * m_hat * r * (1 - beta2**new.t) ** 0.5 / (new.v.sqrt() + eps)
