"""Extreme eigenpairs of a symmetric operator by Lanczos with thick restarts.

From a random unit v₁, products with A build orthonormal V_k and a symmetric T_k = V_kᵀ A V_k with

    A V_k = V_k T_k + β_k v_{k+1} e_kᵀ.

An eigenpair T_k y = θ y gives the Ritz pair (θ, x = V_k y), whose residual ‖A x − θ x‖ = β_k |y_k| is known
without a further product, and A has an eigenvalue within it of θ. When the basis is full it is replaced by the best
Ritz vectors and v_{k+1}, which keep the relation, so memory is bounded.

Textbook: B61 (part 13).

References:
    Wu and Simon (2000), Thick-restart Lanczos method for large symmetric eigenvalue problems, section 2.
    Parlett (1998), The symmetric eigenvalue problem, sections 11.4 (residual) and 6.9 (twice is enough).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg.operator import LinearOperator
from rhobar.linalg.random import unit

__all__ = ["Eigenpairs", "Which", "eigenpairs"]

_COLUMNS = 1 << 14
"""So many are turned at a time."""

Which = Literal["largest", "smallest", "magnitude"]

_ORDER: dict[Which, Callable[[Tensor], Tensor]] = {
    "largest": lambda theta: theta,
    "smallest": lambda theta: -theta,
    "magnitude": lambda theta: theta.abs(),
}


@dataclass(frozen=True)
class Eigenpairs:
    """Ritz pairs, best first.

    Attributes:
        values: θ_i in float64.
        residuals: ‖A x_i − θ_i x_i‖; A has an eigenvalue within this distance of θ_i.
        vectors: Rows x_i, orthonormal.
        num_matvecs: Products with A.
        num_negative: At least so many eigenvalues of A are negative: those of T_k, by Cauchy's interlacing.
        converged: Whether all residuals are at most tol · |θ_1|, the largest in magnitude.
    """

    values: Float[Tensor, " k"]
    residuals: Float[Tensor, " k"]
    vectors: Float[Tensor, "k n"] = field(repr=False, compare=False)
    num_matvecs: int
    num_negative: int
    converged: bool


def eigenpairs(
    A: LinearOperator,
    *,
    num: int = 1,
    which: Which = "magnitude",
    tol: float = 1e-3,
    max_matvecs: int = 300,
    basis_size: int | None = None,
    generator: torch.Generator | None = None,
) -> Eigenpairs:
    """Return the `num` extreme eigenpairs of a symmetric operator.

    Stops by the residual, not by the change between steps, which is small also where the iteration merely stalls.
    The error of a separated eigenvalue is about residual² / gap, so the default is five digits on most spectra.

    Args:
        A: A symmetric operator; only products with A are used.
        num: How many pairs.
        which: The largest, the smallest, or the largest in magnitude.
        tol: Stop once every residual is at most tol times the largest |θ|.
        max_matvecs: Bound on the products.
        basis_size: Vectors held, by default max(2 num + 12, 20).
        generator: Source of the random start.

    Returns:
        The pairs; NaN with infinite residuals, not converged, if a product is not finite. Copies of a multiple
        eigenvalue appear only as rounding brings them in: a single start sees one vector of each eigenspace.

    Note:
        A `ValueError` is raised if A is not square, or a number is out of range.

    Example:
        >>> A = LinearOperator.from_matrix(torch.diag(torch.tensor([3.0, -5.0, 1.0])))
        >>> [round(x, 4) for x in eigenpairs(A, num=2).values.tolist()]
        [-5.0, 3.0]
    """
    size = min(basis_size or max(2 * num + 12, 20), A.shape[0])
    _check(A, num, size, tol, max_matvecs)
    basis = _Basis(A, size, unit(A, generator))
    while True:
        finite = basis.extend(generator)
        theta, Y = torch.linalg.eigh(basis.T[: basis.k, : basis.k]) if finite else (None, None)
        if theta is None or Y is None:
            return _not_finite(A, num, basis.num_matvecs)
        best = _ORDER[which](theta).argsort(descending=True)
        theta, Y = theta[best], Y[:, best]
        residuals = basis.beta * Y[-1].abs()
        converged = basis.k >= num and bool((residuals[:num] <= tol * theta.abs().max()).all())
        exhausted = basis.k == A.shape[0]
        if exhausted or basis.num_matvecs >= max_matvecs or (converged and basis.k >= min(num + 3, size)):
            X = Y[:, :num].T.to(A.dtype).to(A.device) @ basis.V[: basis.k]
            negative = int((theta < -_rounding(A) * theta.abs().max()).sum())
            return Eigenpairs(theta[:num], residuals[:num], X, basis.num_matvecs, negative, converged or exhausted)
        if basis.k == size:
            keep = min(size - 2, max(num + 3, (num + size) // 2))
            basis.restart(theta[:keep], Y[:, :keep])


class _Basis:
    """V_k in rows, T_k, and the next vector with its β."""

    def __init__(self, A: LinearOperator, size: int, start: Tensor) -> None:
        self.A, self.k, self.beta, self.num_matvecs = A, 0, 0.0, 0
        self.V = torch.empty(size + 1, A.shape[0], dtype=A.dtype, device=A.device)
        self.V[0] = start
        self.T = torch.zeros(size, size, dtype=torch.float64)
        self._tiny = _rounding(A)

    def extend(self, generator: torch.Generator | None) -> bool:
        """Multiply the next vector and orthogonalise what comes; returns whether it is finite."""
        k, V, T = self.k, self.V, self.T
        w = self.A @ V[k]
        self.num_matvecs += 1
        T[k, k] = (w @ V[k]).double()
        w = w - (w @ V[k]) * V[k]
        if k > 0 and T[k, k - 1] != 0 and not T[k, : k - 1].any():
            w = torch.sub(w, V[k - 1], alpha=T[k, k - 1].item())
        before = torch.linalg.vector_norm(w)
        w = w - (V[: k + 1] @ w) @ V[: k + 1]
        beta = torch.linalg.vector_norm(w)
        if beta < 0.7 * before:
            w = w - (V[: k + 1] @ w) @ V[: k + 1]
            beta = torch.linalg.vector_norm(w)
        self.k, self.beta = k + 1, beta.item()
        scale = T.abs().max().item()
        if not (self.beta < float("inf") and scale < float("inf")):
            return False
        if self.beta <= self._tiny * scale:  # V_k spans an invariant subspace: go on from somewhere else
            self.beta, w = 0.0, unit(self.A, generator)
            for _ in range(2):
                w = w - (V[: k + 1] @ w) @ V[: k + 1]
            beta = torch.linalg.vector_norm(w)
        V[k + 1] = w / beta.clamp_min(torch.finfo(w.dtype).tiny)
        if k + 1 < T.shape[0]:
            T[k + 1, k] = T[k, k + 1] = self.beta
        return True

    def restart(self, theta: Tensor, Y: Tensor) -> None:
        """Keep the given Ritz vectors: T becomes diag(θ) bordered by β times the last row of Y."""
        keep = theta.numel()
        V = self.V
        Yt = Y.T.to(V)
        for columns in V[: self.k].split(_COLUMNS, 1):  # in place: no second basis
            columns[:keep] = Yt @ columns
        V[keep] = V[self.k]
        self.T.zero_()
        self.T[:keep, :keep] = torch.diag(theta)
        self.T[keep, :keep] = self.T[:keep, keep] = self.beta * Y[-1]
        self.k = keep


def _rounding(A: LinearOperator) -> float:
    return 10 * math.sqrt(A.shape[0]) * torch.finfo(A.dtype).eps


def _check(A: LinearOperator, num: int, size: int, tol: float, max_matvecs: int) -> None:
    n = A.shape[0]
    if A.shape[0] != A.shape[1]:
        raise ValueError(f"The operator must be square and symmetric to have eigenpairs, got the shape {A.shape}.")
    if not 1 <= num <= n:
        raise ValueError(f"num must be between 1 and the operator's size {n}, got {num}.")
    if not (tol >= 0 and max_matvecs >= 1):
        raise ValueError(f"tol must be at least 0 and max_matvecs at least 1, got {tol} and {max_matvecs}.")
    if size < min(num + 3, n):
        raise ValueError(f"basis_size must be at least num + 3 = {num + 3}, got {size}.")


def _not_finite(A: LinearOperator, num: int, num_matvecs: int) -> Eigenpairs:
    nan = torch.full((num,), float("nan"), dtype=torch.float64)
    vectors = torch.full((num, A.shape[0]), float("nan"), dtype=A.dtype, device=A.device)
    return Eigenpairs(nan, torch.full_like(nan, float("inf")), vectors, num_matvecs, 0, False)
