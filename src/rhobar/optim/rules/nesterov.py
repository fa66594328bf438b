"""Nesterov's accelerated gradient in its look-ahead form."""

from typing import Any

from jaxtyping import Float
from torch import Tensor

from rhobar.optim.rules.momentum import MomentumState, momentum

__all__ = ["nesterov", "nesterov_point"]


def nesterov_point(
    state: MomentumState, params: Float[Tensor, "*shape"], *, beta: float = 0.9, **_: Any
) -> Float[Tensor, "*shape"]:
    """Return θ − βv, where the velocity alone would lead: the gradient is to be taken there."""
    return params - beta * state.v


def nesterov(
    state: MomentumState, gradient: Float[Tensor, "*shape"], *, lr: float = 1e-2, beta: float = 0.9
) -> tuple[MomentumState, Float[Tensor, "*shape"]]:
    """Look ahead along the velocity before taking the gradient.

        g = ∇L(θ − βv)
        v ← βv + ηg
        Δ = −v

    The update is momentum's; the look-ahead is in `nesterov_point`, which says where g belongs.

    Convention: torch steps by −η(g + βv), v ← βv + g, with the gradient at the current point. Its parameters are
    the look-ahead points φ = θ − βv of this form: the same iterates in shifted variables while η is constant.

    Args:
        state: v.
        gradient: g, taken at `nesterov_point(state, params, beta=beta)`.
        lr: η > 0.
        beta: β in [0, 1), the same as in `nesterov_point`.

    Returns:
        The new velocity, and the update Δ.

    Example:
        >>> import torch
        >>> state = MomentumState(torch.tensor([1.0]))
        >>> point = nesterov_point(state, torch.tensor([2.0]))
        >>> nesterov(state, 2 * point, lr=0.5)[1]
        tensor([-2.])

    Reference: Nesterov (1983); Sutskever et al. (2013), On the importance of initialization and momentum, eq. 3–4.
    Textbook: C37, C38
    """
    return momentum(state, gradient, lr=lr, beta=beta)
