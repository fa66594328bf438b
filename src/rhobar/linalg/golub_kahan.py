"""Golub–Kahan–Lanczos bidiagonalisation, and the extreme singular values from products alone.

From a random unit vector v₁, products with A and Aᵀ build orthonormal U_k, V_k and an upper bidiagonal B_k:

    A V_k  = U_k B_k
    Aᵀ U_k = V_k B_kᵀ + β_k v_{k+1} e_kᵀ

With B_k = P Σ Qᵀ, the triple σ̂ = Σ₁₁, u = U_k P₁, v = V_k Q₁ obeys A v = σ̂ u exactly and
‖Aᵀ u − σ̂ v‖ = β_k |P_k1|, which is known without any further product.

References:
    Golub and Kahan (1965), Calculating the singular values and pseudo-inverse of a matrix, section 4.
    Saad (2011), Numerical methods for large eigenvalue problems, section 3.2 (the bound by the residual).
"""

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg.operator import LinearOperator
from rhobar.linalg.random import unit

__all__ = ["MIN_STEPS", "SingularValue", "largest_singular_value", "smallest_singular_value"]

# One step has a small residual on any matrix whose typical gain hides a larger one in few directions.
# So at least three, unless the Krylov space is exhausted.
MIN_STEPS = 3
_INF = float("inf")


@dataclass(frozen=True)
class SingularValue:
    """The largest or the smallest singular value, as far as the products show.

    Attributes:
        value: σ̂, the largest singular value on the Krylov space, so ≤ σ₁; or the smallest, so ≥ σ_min.
        residual: ‖Aᵀ u − σ̂ v‖; A has a singular value within this distance of σ̂.
        num_matvecs: Products with A or Aᵀ.
        converged: Whether residual ≤ tol · (the largest σ̂) after three steps, or nothing is left to find.
        left: u, of unit length; zero if A v = 0.
        right: v, of unit length.
    """

    value: float
    residual: float
    num_matvecs: int
    converged: bool
    left: Float[Tensor, " m"] = field(repr=False, compare=False)
    right: Float[Tensor, " n"] = field(repr=False, compare=False)


def largest_singular_value(
    A: LinearOperator, *, max_steps: int = 12, tol: float = 1e-2, generator: torch.Generator | None = None
) -> SingularValue:
    """Estimate σ₁ = max ‖A v‖ / ‖v‖ from below.

    Each step costs one product with A and one with Aᵀ; both bases are reorthogonalised in full. A small
    residual proves that σ̂ is near *a* singular value; that this is the largest is not proven, but fails
    only if the random start is almost orthogonal to its vector.

    Args:
        A: The operator, m × n.
        max_steps: Bound on the steps.
        tol: Stop once residual ≤ tol · σ̂.
        generator: Source of the random start.

    Returns:
        The estimate; NaN with an infinite residual, not converged, if a product is not finite.

    Note:
        A `ValueError` is raised if no step is allowed or the tolerance is negative.

    Example:
        >>> A = LinearOperator.from_matrix(torch.diag(torch.tensor([3.0, 2.0, 1.0])))
        >>> round(largest_singular_value(A).value, 4)
        3.0
    """
    return _extreme(A, max_steps, tol, generator, smallest=False)


def smallest_singular_value(
    A: LinearOperator, *, max_steps: int = 100, tol: float = 1e-2, generator: torch.Generator | None = None
) -> SingularValue:
    """Estimate the smallest of the min(m, n) singular values from above.

    As `largest_singular_value`, from the side of the smaller dimension. Small singular values lie close together and
    come last: expect as many steps as the dimension where there is no gap, and see the residual. A null space ends
    the search with exactly zero.

    Args:
        A: The operator, m × n.
        max_steps: Bound on the steps, two products each.
        tol: Stop once residual ≤ tol · σ₁.
        generator: Source of the random start.

    Returns:
        The estimate with its triple, whose vectors are those of A.

    Note:
        A `ValueError` is raised if no step is allowed or the tolerance is negative.

    Example:
        >>> A = LinearOperator.from_matrix(torch.diag(torch.tensor([3.0, 2.0, 1.0])))
        >>> round(smallest_singular_value(A).value, 4)
        1.0
    """
    if A.shape[1] <= A.shape[0]:
        return _extreme(A, max_steps, tol, generator, smallest=True)
    found = _extreme(A.T, max_steps, tol, generator, smallest=True)
    return replace(found, left=found.right, right=found.left)


def _extreme(
    A: LinearOperator, max_steps: int, tol: float, generator: torch.Generator | None, *, smallest: bool
) -> SingularValue:
    """Bidiagonalise until one end is known.

    Raises:
        ValueError: If no step is allowed or the tolerance is negative.
    """
    if max_steps < 1:
        raise ValueError(f"max_steps must be at least 1, got {max_steps}.")
    if not tol >= 0:
        raise ValueError(f"tol must be a number of at least 0, got {tol}.")
    (m, n), steps = A.shape, min(max_steps, *A.shape)
    tiny = 10 * max(m, n) ** 0.5 * torch.finfo(A.dtype).eps
    spaces = _Spaces(A, steps, unit(A, generator))
    U, V, scale = spaces.U, spaces.V, 0.0
    for k in range(steps):
        U[k], alpha = _orthonormalised(A @ V[k], U[:k])
        if not alpha < _INF:
            return spaces.not_finite(2 * k + 1)
        scale = max(scale, alpha)
        if alpha <= tiny * scale:  # A v_{k+1} lies in span U_k; for k = 0, A v₁ = 0
            if smallest:
                return spaces.null(k, 2 * k + 1)
            return spaces.triple(k, k + 1, 2 * k + 1, tol, smallest)
        V[k + 1], beta = _orthonormalised(A.T @ U[k], V[: k + 1])
        if not beta < _INF:
            return spaces.not_finite(2 * k + 2)
        closed, scale = beta <= tiny * scale and k + 1 < n, max(scale, beta)
        beta = 0.0 if closed or k + 1 == n else beta
        spaces.enter(k, alpha, beta)
        if closed and smallest:  # an invariant space of which the smallest one may not be part: go on elsewhere
            V[k + 1], _ = _orthonormalised(unit(A, generator), V[: k + 1])
            continue
        if k + 1 == m:  # so does A v_{k+1}, whatever it is: U_k spans ℝᵐ
            return spaces.triple(steps, steps + 1, 2 * k + 2, tol, smallest)
        if beta == 0 or (k + 1 >= MIN_STEPS and spaces.has_converged(k + 1, tol, smallest)):
            return spaces.triple(k + 1, k + 1, 2 * k + 2, tol, smallest)
    found = spaces.triple(steps, steps, 2 * steps, tol, smallest)
    return replace(found, converged=found.converged and steps >= MIN_STEPS)


def _orthonormalised(x: Tensor, basis: Tensor) -> tuple[Tensor, float]:
    """Return x less its part in the span of the rows as a unit vector, and its length; twice is enough (Parlett)."""
    before = length = torch.linalg.vector_norm(x).item()
    for _ in range(2 if basis.shape[0] else 0):
        x = torch.addmv(x, basis.T, basis @ x, alpha=-1)
        length = torch.linalg.vector_norm(x).item()
        if length > 0.7 * before:
            break
    return (x / length if length > 0 else torch.zeros_like(x)), length


class _Spaces:
    """The bases in rows, and B, k × (k+1).

    With one vector more in V than in U the pair of spaces is invariant: Aᵀ U = V Bᵀ and A V = U B. With as many, the
    last column of B is what leaves them.
    """

    def __init__(self, A: LinearOperator, steps: int, start: Tensor) -> None:
        m, n = A.shape
        self.U = torch.empty(steps, m, dtype=A.dtype, device=A.device)
        self.V = torch.empty(steps + 1, n, dtype=A.dtype, device=A.device)
        self.B = torch.zeros(steps, steps + 1, dtype=torch.float64)  # column k + 1 holds β_k e_k
        self.V[0] = start

    def enter(self, k: int, alpha: float, beta: float) -> None:
        """Note α_k and β_k."""
        self.B[k, k], self.B[k, k + 1] = alpha, beta

    def has_converged(self, k: int, tol: float, smallest: bool) -> bool:
        """Whether the residual of k steps is small enough."""
        P, S, _ = torch.linalg.svd(self.B[:k, :k])
        residual = abs(self.B[k - 1, k] * P[-1, -1 if smallest else 0]).item()
        return bool(residual <= tol * S[0].item())

    def triple(self, k: int, columns: int, num_matvecs: int, tol: float, smallest: bool) -> SingularValue:
        """Return the leading, or the last, triple of U_k B Vᵀ."""
        U, V = self.U[:k], self.V[:columns]
        if k == 0:
            return SingularValue(0.0, 0.0, num_matvecs, True, torch.zeros_like(self.U[0]), V[0].clone())
        B = self.B[:k, : k + 1]
        P, S, Qt = torch.linalg.svd(B[:, :columns], full_matrices=False)
        i = -1 if smallest else 0
        residual = torch.linalg.vector_norm(B[:, columns:].T @ P[:, i]).item()
        left, right = P[:, i].to(U) @ U, Qt[i].to(V) @ V
        return SingularValue(S[i].item(), residual, num_matvecs, residual <= tol * S[0].item(), left, right)

    def null(self, k: int, num_matvecs: int) -> SingularValue:
        """Return the vector of span V_{k+1} that U_k B Vᵀ, with one row less than columns, maps to zero."""
        Q = torch.linalg.svd(self.B[:k, : k + 1])[2] if k else torch.ones(1, 1, dtype=torch.float64)
        right = Q[-1].to(self.V) @ self.V[: k + 1]
        return SingularValue(0.0, 0.0, num_matvecs, True, torch.zeros_like(self.U[0]), right)

    def not_finite(self, num_matvecs: int) -> SingularValue:
        """Say that a product is not finite."""
        nan = float("nan")
        left, right = torch.full_like(self.U[0], nan), torch.full_like(self.V[0], nan)
        return SingularValue(nan, _INF, num_matvecs, False, left, right)
