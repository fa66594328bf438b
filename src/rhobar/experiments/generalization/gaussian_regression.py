"""Least squares on independent Gaussian features: the test error is known for every number of samples and features.

With y = xᵀβ + ε, x ~ N(0, I), of which the model is shown p features, least squares of least norm on n samples has

    E = h (1 + p/(n − p − 1))                         if p ≤ n − 2,
    E = s (1 − n/p) + h (1 + n/(p − n − 1))           if p ≥ n + 2,

and is infinite in between; s = ‖β‖² over the shown features, h = σ² + ‖β‖² over the hidden ones.

Reference: Belkin, Hsu and Xu (2020), Two models of double descent for weak features, theorem 1.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["draw", "least_norm", "least_norm_risk"]


def least_norm_risk(num_samples: int, num_features: int, shown: float, hidden: float) -> float:
    """Return the expected squared error on a new sample, noise included.

    Args:
        num_samples: n.
        num_features: p, of those that the model is shown.
        shown: s.
        hidden: h.

    Example:
        >>> least_norm_risk(12, 1, shown=1.0, hidden=0.5)
        0.55
    """
    n, p = num_samples, num_features
    if p <= n - 2:
        return hidden * (1 + p / (n - p - 1))
    if p >= n + 2:
        return shown * (1 - n / p) + hidden * (1 + n / (p - n - 1))
    return math.inf


def draw(
    repetitions: int, num_samples: int, beta: Float[Tensor, " dim"], noise: float, generator: torch.Generator
) -> tuple[Float[Tensor, "repetitions n dim"], Float[Tensor, "repetitions n"]]:
    """Draw independent training sets of standard normal features, y = Xβ + σε.

    Example:
        >>> X, y = draw(3, 5, torch.ones(2, dtype=torch.float64), 0.1, torch.Generator().manual_seed(0))
        >>> X.shape, y.shape
        (torch.Size([3, 5, 2]), torch.Size([3, 5]))
    """
    X = torch.randn(repetitions, num_samples, len(beta), generator=generator, dtype=torch.float64)
    return X, X @ beta + noise * torch.randn(repetitions, num_samples, generator=generator, dtype=torch.float64)


def least_norm(
    X: Float[Tensor, "*batch n p"], y: Float[Tensor, "*batch n"], *, ridge: float = 0.0
) -> Float[Tensor, "*batch p"]:
    """Return X⁺y, or (XᵀX + λI)⁻¹Xᵀy for λ > 0.

    Example:
        >>> least_norm(torch.tensor([[2.0, 0.0]]), torch.tensor([2.0])).tolist()
        [1.0, 0.0]
    """
    if ridge:
        if X.shape[-1] > X.shape[-2]:  # the same by the smaller matrix: Xᵀ(XXᵀ + λI)⁻¹y
            gram = X @ X.mT + ridge * torch.eye(X.shape[-2], dtype=X.dtype)
            solution: Tensor = X.mT @ torch.linalg.solve(gram, y[..., None])
        else:
            gram = X.mT @ X + ridge * torch.eye(X.shape[-1], dtype=X.dtype)
            solution = torch.linalg.solve(gram, X.mT @ y[..., None])
    else:
        solution = torch.linalg.pinv(X) @ y[..., None]
    return solution[..., 0]
