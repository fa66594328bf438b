"""Hutchinson's trace estimate: if E[v vᵀ] = I then E[vᵀ A v] = tr A.

Reference: Hutchinson (1989), A stochastic estimator of the trace of the influence matrix, section 2.
"""

import torch

from rhobar.linalg.operator import LinearOperator
from rhobar.linalg.random import rademacher
from rhobar.linalg.trace_estimate import TraceEstimate, check_square

__all__ = ["hutchinson_trace"]


def hutchinson_trace(A: LinearOperator, *, num_matvecs: int, generator: torch.Generator | None = None) -> TraceEstimate:
    """Estimate tr A as the mean of vᵀ A v over Rademacher vectors v.

    For symmetric A one product has variance 2 Σ_{i≠j} A_ij²: best where the diagonal dominates, and with few
    products on spectra without decay.

    Args:
        A: A square operator.
        num_matvecs: Products, at least two.
        generator: Source of the vectors.

    Returns:
        The mean with the standard error of it.

    Note:
        A `ValueError` is raised if A is not square or fewer than two products are allowed.

    Example:
        >>> A = LinearOperator.from_matrix(2 * torch.eye(3))
        >>> hutchinson_trace(A, num_matvecs=4)
        TraceEstimate(value=6.0, stderr=0.0, num_matvecs=4)
    """
    check_square(A, num_matvecs, 2)
    products = []
    for _ in range(num_matvecs):
        (v,) = rademacher(A, 1, generator)
        products.append(torch.dot(v, A @ v).double())
    vAv = torch.stack(products)
    return TraceEstimate(vAv.mean().item(), (vAv.std() / num_matvecs**0.5).item(), num_matvecs)
