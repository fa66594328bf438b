"""The running moments that Adam and its kin share."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["Moments", "moments_start", "next_moments"]


@dataclass(frozen=True)
class Moments:
    """After t gradients: the running mean m of g, and v of g², both from zero."""

    t: int
    m: Float[Tensor, "*shape"]
    v: Float[Tensor, "*shape"]


def moments_start(params: Float[Tensor, "*shape"]) -> Moments:
    """Start from t = 0, m = v = 0."""
    return Moments(0, torch.zeros_like(params), torch.zeros_like(params))


def next_moments(state: Moments, gradient: Float[Tensor, "*shape"], beta1: float, beta2: float) -> Moments:
    """Take in one gradient.

        m ← β₁m + (1 − β₁)g
        v ← β₂v + (1 − β₂)g²

    From zero, E[m_t] = (1 − β₁ᵗ) E[g] and E[v_t] = (1 − β₂ᵗ) E[g²] for identically distributed gradients, exactly;
    for others a remainder is left that stems from their drift.

    Textbook: C47, C48, C49, C50
    """
    m = beta1 * state.m + (1 - beta1) * gradient
    v = beta2 * state.v + (1 - beta2) * gradient**2
    return Moments(state.t + 1, m, v)
