"""Adam: momentum, divided by the root of the second moment, both freed from the bias of their start."""

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.optim.rules.moments import Moments, next_moments

__all__ = ["adam"]


def adam(
    state: Moments,
    gradient: Float[Tensor, "*shape"],
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Moments, Float[Tensor, "*shape"]]:
    """Step by the corrected mean over the root of the corrected second moment.

        m ← β₁m + (1 − β₁)g,   m̂ = m/(1 − β₁ᵗ)
        v ← β₂v + (1 − β₂)g²,  v̂ = v/(1 − β₂ᵗ)
        Δ = −η m̂ / (√v̂ + ε)

    The first step is −η sign(g) for |g| ≫ ε, and no step depends on the gradient's scale. By Cauchy and Schwarz

        |Δ| ≤ η (1 − β₁)/(1 − β₁ᵗ) √[ (1 − β₂ᵗ)/(1 − β₂) Σ_{j<t} (β₁²/β₂)ʲ ],

    7.3 η at most with the defaults, attained by gradients that shrink like (β₂/β₁)⁻ᵗ backwards in time; the paper's
    η max(1, (1 − β₁)/√(1 − β₂)) holds for a single gradient among zeros and for steady ones. Adam can fail on convex
    problems (Reddi et al. 2018). `torch.optim.Adam` computes the same.

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
        >>> from rhobar.optim.rules.moments import moments_start
        >>> adam(moments_start(torch.zeros(2)), torch.tensor([300.0, -0.02]), lr=0.1)[1]
        tensor([-0.1000,  0.1000])

    Reference: Kingma and Ba (2015), Adam, algorithm 1.
    Textbook: C47, C48, C49, C50, C-§5.4, C-§5.4.1, C-§5.4.2
    """
    new = next_moments(state, gradient, beta1, beta2)
    m_hat = new.m / (1 - beta1**new.t)
    v_hat = new.v / (1 - beta2**new.t)
    return new, -lr * m_hat / (torch.sqrt(v_hat) + eps)
