"""Is an operator that should be symmetric so? An operation whose derivative was lost makes it fail."""

import torch

from rhobar.linalg.operator import LinearOperator
from rhobar.linalg.random import rademacher

__all__ = ["symmetry_error"]


def symmetry_error(A: LinearOperator, generator: torch.Generator | None = None) -> float:
    """Return |uᵀ A v − vᵀ A u| / (‖u‖ ‖A v‖ + ‖v‖ ‖A u‖) · √n for random signs u, v: of order ε for symmetric A.

    Costs two products.

    Raises:
        ValueError: If A is not square.

    Example:
        >>> symmetry_error(LinearOperator.from_matrix(torch.diag(torch.tensor([1.0, 2.0]))))
        0.0
    """
    n = A.shape[0]
    if A.shape[1] != n:
        raise ValueError(f"The operator must be square to be symmetric, got the shape {A.shape}.")
    u, v = rademacher(A, 2, generator)
    if bool((u == v).all()) or bool((u == -v).all()):
        v = torch.arange(1, n + 1, dtype=A.dtype, device=A.device)
    Au, Av = (A @ u).double(), (A @ v).double()
    u, v = u.double(), v.double()
    scale = u.norm() * Av.norm() + v.norm() * Au.norm()
    difference = (u @ Av - v @ Au).abs()
    return float(difference / scale * n**0.5) if scale > 0 else 0.0
