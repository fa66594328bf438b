"""Gradient descent; batch, mini-batch and stochastic differ only in which samples the gradient averages."""

from jaxtyping import Float
from torch import Tensor

__all__ = ["gradient_descent", "gradient_descent_start"]


def gradient_descent_start(params: Float[Tensor, "*shape"]) -> None:
    """Gradient descent remembers nothing."""


def gradient_descent(
    state: None, gradient: Float[Tensor, "*shape"], *, lr: float = 1e-3
) -> tuple[None, Float[Tensor, "*shape"]]:
    """Step against the gradient, the direction of steepest ascent.

        Δ = −η g,   g = (1/|B|) Σ_{i∈B} ∇L_i(θ)

    B is the whole training set (batch), one sample (stochastic), or a few (mini-batch): an unbiased estimate of ∇L
    whose variance falls like 1/|B| if samples are drawn with replacement. On a quadratic it converges if and only
    if 0 < η < 2/λ_max, monotonically below 1/λ_max, and at best by (κ − 1)/(κ + 1) a step; on any convex loss of
    smoothness λ_max ≤ 1/η it has L(θ_k) − L* ≤ ‖θ₀ − θ*‖²/(2ηk). A constant η on a noisy gradient ends in a ball
    around the minimum, and only Ση = ∞ with Ση² < ∞ converges. `torch.optim.SGD` without momentum is the same.

    Args:
        state: None.
        gradient: g.
        lr: η > 0.

    Returns:
        None, and the update Δ.

    Example:
        >>> import torch
        >>> gradient_descent(None, torch.tensor([2.0]), lr=0.5)[1]
        tensor([-1.])

    Reference: Robbins and Monro (1951), A stochastic approximation method.
    Textbook: A55, A56, A57, B17, B18, B26, B27, B28, B29, C32, C33, C34, C-§5.1.1, C-§5.1.2
    """
    return None, -lr * gradient
