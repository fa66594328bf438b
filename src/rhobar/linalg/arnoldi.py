"""The spectral radius of a square operator, by Arnoldi.

From a random unit v₁, products with A build orthonormal V_k and an upper Hessenberg H_k with

    A V_k = V_k H_k + h_{k+1,k} v_{k+1} e_kᵀ.

An eigenpair H_k y = θ y gives x = V_k y with ‖A x − θ x‖ = h_{k+1,k} |y_k|: θ is an eigenvalue of a matrix that near to
A. Where A is not normal its own eigenvalues may be further away, and ρ(A) far below ‖A‖₂.

Textbook: A60

Reference: Saad (2011), Numerical methods for large eigenvalue problems, section 6.2.
"""

from dataclasses import dataclass

import torch

from rhobar.linalg.operator import LinearOperator
from rhobar.linalg.random import unit

__all__ = ["SpectralRadius", "spectral_radius"]


@dataclass(frozen=True)
class SpectralRadius:
    """ρ = max |λ|, as far as the products show.

    Attributes:
        value: |θ| of the outermost Ritz value.
        residual: A matrix within this distance of A has an eigenvalue of that size.
        num_matvecs: Products with A.
        converged: Whether residual ≤ tol · value, or the space is exhausted.
    """

    value: float
    residual: float
    num_matvecs: int
    converged: bool


def spectral_radius(
    A: LinearOperator, *, max_steps: int = 60, tol: float = 1e-2, generator: torch.Generator | None = None
) -> SpectralRadius:
    """Estimate the largest modulus of the eigenvalues of a square operator.

    Args:
        A: The operator, n × n; only products with A are used.
        max_steps: Bound on the products, and on the vectors held.
        tol: Stop once the residual is at most tol · |θ|.
        generator: Source of the random start.

    Returns:
        The estimate; NaN with an infinite residual if a product is not finite.

    Raises:
        ValueError: If A is not square, or no step is allowed.

    Example:
        >>> turn = torch.tensor([[0.0, -2.0], [2.0, 0.0]])  # eigenvalues ±2i
        >>> round(spectral_radius(LinearOperator.from_matrix(turn)).value, 4)
        2.0
    """
    n = A.shape[1]
    if A.shape[0] != n:
        raise ValueError(f"The operator must be square to have eigenvalues, got the shape {A.shape}.")
    if max_steps < 1:
        raise ValueError(f"max_steps must be at least 1, got {max_steps}.")
    steps, tiny = min(max_steps, n), 10 * n**0.5 * torch.finfo(A.dtype).eps
    V = torch.zeros(steps + 1, n, dtype=A.dtype, device=A.device)
    H = torch.zeros(steps + 1, steps, dtype=torch.float64)
    V[0] = unit(A, generator)
    value, residual = float("nan"), float("inf")
    for k in range(steps):
        w = A @ V[k]
        for _ in range(2):
            h = V[: k + 1] @ w
            w = w - h @ V[: k + 1]
            H[: k + 1, k] += h.double().cpu()
        beta = torch.linalg.vector_norm(w).item()
        scale = max(H[: k + 1, : k + 1].abs().max().item(), beta)
        if not scale < float("inf"):
            return SpectralRadius(float("nan"), float("inf"), k + 1, False)
        if k + 1 == n or beta <= tiny * scale:  # an invariant subspace
            beta = 0.0
        H[k + 1, k] = beta
        theta, Y = torch.linalg.eig(H[: k + 1, : k + 1])
        i = int(theta.abs().argmax())
        value, residual = theta[i].abs().item(), beta * (Y[-1, i].abs() / torch.linalg.vector_norm(Y[:, i])).item()
        if beta == 0.0 or (residual <= tol * value and k >= 2):
            return SpectralRadius(value, residual, k + 1, True)
        V[k + 1] = w / beta
    return SpectralRadius(value, residual, steps, residual <= tol * value)
