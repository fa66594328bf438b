"""Hutch++: the trace on a sketched range exactly, the rest by Hutchinson.

With Q an orthonormal basis of A S for random S,

    tr A = tr(Qᵀ A Q) + tr((I − QQᵀ) A (I − QQᵀ)),

and only the second term is estimated. On positive semidefinite A the error falls like 1/m in the number m of
products, where Hutchinson's falls like 1/√m.

Reference: Meyer, Musco, Musco and Woodruff (2021), Hutch++: optimal stochastic trace estimation, algorithm 1.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg.operator import LinearOperator
from rhobar.linalg.random import rademacher
from rhobar.linalg.trace_estimate import TraceEstimate, check_square

__all__ = ["hutchpp_trace", "multiply_rows", "orthonormal_rows"]


def hutchpp_trace(A: LinearOperator, *, num_matvecs: int, generator: torch.Generator | None = None) -> TraceEstimate:
    """Estimate tr A with a third of the products each on the sketch, its trace, and the rest.

    Args:
        A: A square operator.
        num_matvecs: Products, at least four.
        generator: Source of the vectors.

    Returns:
        The estimate; its standard error is that of the Hutchinson part, given the sketch.

    Note:
        A `ValueError` is raised if A is not square or fewer than four products are allowed.

    Example:
        >>> A = LinearOperator.from_matrix(torch.diag(torch.tensor([5.0, 0.0, 0.0, 0.0])))
        >>> round(hutchpp_trace(A, num_matvecs=6).value, 4)
        5.0
    """
    check_square(A, num_matvecs, 4)
    k = min(num_matvecs // 3, (num_matvecs - 2) // 2, A.shape[0])
    Q = orthonormal_rows(multiply_rows(A, rademacher(A, k, generator)))
    exact = (Q.double() * multiply_rows(A, Q).double()).sum()
    products = []
    if Q.shape[0] == A.shape[0]:  # nothing is left
        return TraceEstimate(exact.item(), 0.0, 2 * k)
    for _ in range(num_matvecs - 2 * k):
        (v,) = rademacher(A, 1, generator)
        for _ in range(2):
            v = v - (Q @ v) @ Q
        products.append(v.double() @ (A @ v).double())
    rest = torch.stack(products)
    stderr = (rest.std() / rest.numel() ** 0.5).item()
    return TraceEstimate((exact + rest.mean()).item(), stderr, k + Q.shape[0] + rest.numel())


def multiply_rows(A: LinearOperator, V: Float[Tensor, "k n"]) -> Float[Tensor, "k m"]:
    """Return A v for each row v."""
    return torch.stack([A @ v for v in V])


def orthonormal_rows(Y: Float[Tensor, "k n"]) -> Float[Tensor, "r n"]:
    """Return an orthonormal basis of the rows' span, of as many rows as its numerical rank (one at least)."""
    length = torch.linalg.vector_norm(Y, dim=1, keepdim=True)
    Q, R = torch.linalg.qr((Y / length.clamp_min(torch.finfo(Y.dtype).tiny)).T)
    U, S, _ = torch.linalg.svd(R)
    rank = max(1, int((max(Y.shape) ** 0.5 * torch.finfo(Y.dtype).eps * S[0] < S).sum()))
    basis: Tensor = Q @ U[:, :rank]
    return basis.T.contiguous()
