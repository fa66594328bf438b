"""The mean test error of kernel regression against the number of samples, from the kernel's spectrum: spectral bias.

With k(x, y) = Σ η_j φ_j(x) φ_j(y), φ_j orthonormal, a target Σ c_j φ_j + noise of variance σ², ridge λ and P samples,

    κ = λ + κ Σ η_j/(κ + Pη_j),      γ = Σ Pη_j²/(κ + Pη_j)²,
    E_j = c_j² (κ/(κ + Pη_j))² / (1 − γ),      E = Σ E_j + σ² γ/(1 − γ).

A mode is learned once Pη_j exceeds κ: large eigenvalues first. γ near 1 is the peak of double descent. Exact for
Gaussian features as their number and P grow together; for others an approximation that has been found to be close.

Textbook: A95, B7

References:
    Bordelon, Canatar and Pehlevan (2020), Spectrum dependent learning curves in kernel regression, eqs. (6) to (10).
    Canatar, Bordelon and Pehlevan (2021), Spectral bias and task-model alignment, eqs. (4) and (5).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.contracts import require_positive

__all__ = ["LearningCurvePoint", "kernel_learning_curve"]


@dataclass(frozen=True)
class LearningCurvePoint:
    """The prediction for one number of samples.

    Attributes:
        error: E, of noise-free test targets.
        modes: E_j.
        effective_ridge: κ.
        overfitting: γ; the noise is amplified by γ/(1 − γ).
    """

    error: float
    modes: Float[Tensor, " modes"]
    effective_ridge: float
    overfitting: float


def kernel_learning_curve(
    eigenvalues: Float[Tensor, " modes"],
    target: Float[Tensor, " modes"],
    num_samples: int,
    *,
    ridge: float = 0.0,
    noise: float = 0.0,
) -> LearningCurvePoint:
    """Predict the mean squared error of (K + λI)⁻¹ regression on P samples.

    Args:
        eigenvalues: η_j > 0.
        target: c_j.
        num_samples: P.
        ridge: λ of the summed squares.
        noise: σ².

    Raises:
        ValueError: If ridge or noise is negative.

    Example:
        >>> flat = kernel_learning_curve(torch.ones(100), torch.ones(100), 50)  # half of the directions are seen
        >>> round(flat.error, 6), round(flat.overfitting, 6)
        (50.0, 0.5)

    Textbook: A95, B7
    """
    require_positive(num_samples=num_samples)
    if not (ridge >= 0 and noise >= 0):
        raise ValueError(f"ridge and noise must be at least 0, got {ridge} and {noise}.")
    eta, c, P = eigenvalues.double(), target.double(), num_samples
    low, high = 0.0, ridge + float(eta.sum())  # κ lies between: the right side falls below κ as κ grows
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if ridge + float((middle * eta / (middle + P * eta)).sum()) > middle else (low, middle)
        )
    kappa = high
    gamma = float((P * eta.square() / (kappa + P * eta).square()).sum())
    if kappa <= 1e-14 * float(eta.sum()):  # more samples than modes and no ridge: all is learned but for the noise
        gamma = len(eta) / P
        modes = torch.zeros_like(eta)
    else:
        modes = c.square() * (kappa / (kappa + P * eta)).square() / (1 - gamma)
    return LearningCurvePoint(float(modes.sum()) + noise * gamma / (1 - gamma), modes, kappa, gamma)
