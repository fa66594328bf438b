"""How widely the singular values of a deep network's Jacobian spread at its initialisation.

For J = ∏ D_l W_l at the edge of chaos, χ₁ = 1, the squared singular values have mean 1 and variance

    L (μ₂/μ₁² − 1 − s₁),    μ_k = E[φ′(√q z)^{2k}],    s₁ = −1 for Gaussian weights, 0 for orthogonal ones.

It grows with the depth, unless weights are orthogonal and φ′² does not vary: linear networks, and those whose q is so
small that φ is nearly linear. ReLU (μ₂/μ₁² = 2) cannot have it.

Textbook: A67, A73

Reference: Pennington, Schoenholz and Ganguli (2017), Resurrecting the sigmoid in deep learning through dynamical
    isometry, eq. (22).
"""

from collections.abc import Sequence
from typing import Literal

from rhobar.linalg import gaussian_expectation, pointwise_slope
from rhobar.theory.contracts import require_positive
from rhobar.theory.mean_field.maps import Pointwise

__all__ = ["isometry_variance"]


def isometry_variance(
    phi: Pointwise,
    q: float,
    depth: int,
    *,
    weights: Literal["gaussian", "orthogonal"] = "gaussian",
    kinks: Sequence[float] = (0.0,),
) -> float:
    """Variance of the squared singular values of J, whose mean is 1, for square layers scaled to χ₁ = 1.

    Args:
        phi: φ.
        q: Variance of the pre-activations.
        depth: L.
        weights: How they are drawn.
        kinks: Where φ or its derivative jumps.

    Raises:
        ValueError: If the weights are of another kind.

    Example:
        >>> import torch
        >>> round(isometry_variance(torch.relu, 1.0, 10, weights="orthogonal"), 9)
        10.0
        >>> isometry_variance(lambda z: z, 1.0, 10, weights="orthogonal") < 1e-12
        True

    Textbook: A67, A73
    """
    require_positive(depth=depth)
    if weights not in ("gaussian", "orthogonal"):
        raise ValueError(f"weights must be 'gaussian' or 'orthogonal', got {weights!r}.")
    mu1 = gaussian_expectation(lambda z: pointwise_slope(phi, z).pow(2), q, kinks=kinks)
    mu2 = gaussian_expectation(lambda z: pointwise_slope(phi, z).pow(4), q, kinks=kinks)
    return depth * (mu2 / mu1**2 - 1 + (weights == "gaussian"))
