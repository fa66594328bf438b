"""Golub–Kahan in every block of a block-diagonal operator at once, for its largest singular value.

The Jacobian of independent samples has one block for each. One product with it is a product with every block, so that
each block gets a Krylov space of its own for the price of one. Their direct sum holds the Krylov space of as many steps
with A as a whole, and comes to the same accuracy in about two thirds of the products.

The bases are not orthogonalised anew: what is lost brings further copies of singular values that are found already,
none that are larger.

References:
    Golub and Kahan (1965), Calculating the singular values and pseudo-inverse of a matrix, section 4.
    Paige (1976), Error analysis of the Lanczos algorithm for tridiagonalizing a symmetric matrix, section 4.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg.golub_kahan import MIN_STEPS, SingularValue, largest_singular_value
from rhobar.linalg.operator import LinearOperator
from rhobar.linalg.random import gaussian

__all__ = ["largest_singular_value_of_blocks"]


def largest_singular_value_of_blocks(
    A: LinearOperator,
    num_blocks: int,
    *,
    max_steps: int = 12,
    tol: float = 1e-2,
    generator: torch.Generator | None = None,
) -> SingularValue:
    """Estimate σ₁ of A = diag(A₁, …, A_b) from below, as the largest of the blocks' estimates.

    Args:
        A: The operator; all its blocks have the same shape.
        num_blocks: b.
        max_steps: Bound on the steps, two products each.
        tol: Stop once residual ≤ tol · σ̂ in the block of the largest.
        generator: Source of the random start.

    Returns:
        The estimate, with vectors that are zero outside its block.

    Raises:
        ValueError: If b does not divide both dimensions, no step is allowed or the tolerance is negative.

    Example:
        >>> A = LinearOperator.from_matrix(torch.diag(torch.tensor([3.0, 2.0, 1.0, 5.0])))
        >>> round(largest_singular_value_of_blocks(A, 2).value, 4)
        5.0
    """
    m, n = A.shape
    if num_blocks < 1 or m % num_blocks or n % num_blocks:
        raise ValueError(f"num_blocks must divide both dimensions of the operator, got {num_blocks} for {A.shape}.")
    if num_blocks == 1 or max_steps < 1 or not tol >= 0:
        return largest_singular_value(A, max_steps=max_steps, tol=tol, generator=generator)
    steps = min(max_steps, m // num_blocks, n // num_blocks)
    spaces = _Spaces(A, num_blocks, steps, generator)
    for k in range(steps):
        spaces.step(k)
        if MIN_STEPS <= k + 1 < steps and k % 2 and spaces.may_stop(k + 1, tol):
            found = spaces.best(k + 1, tol)
            if found.converged or not found.value < float("inf"):
                return found
    found = spaces.best(steps, tol)
    enough = steps >= MIN_STEPS or steps < max_steps
    return replace(found, converged=found.converged and enough)


class _Spaces:
    """The bases of all blocks, (steps, blocks, dimension), and the diagonals of B, (blocks, 1) a step."""

    def __init__(self, A: LinearOperator, b: int, steps: int, generator: torch.Generator | None) -> None:
        self.A, self.b, (m, n) = A, b, (A.shape[0] // b, A.shape[1] // b)
        self.U = torch.empty(steps, b, m, dtype=A.dtype, device=A.device)
        self.V = torch.empty(steps + 1, b, n, dtype=A.dtype, device=A.device)
        self.alpha: list[Tensor] = []
        self.beta: list[Tensor] = []
        _normalised(gaussian(A, 1, generator).view(b, n), self.V[0])

    @torch.no_grad()
    def step(self, k: int) -> None:
        """Add one vector to each basis; zero where a block has none left."""
        U, V, after = self.U[k], self.V[k], self.V[k + 1]
        u = (self.A @ V.view(-1)).view(self.b, -1)
        self.alpha.append(_normalised(torch.addcmul(u, self.U[k - 1], self.beta[-1], value=-1) if k else u, U))
        v = (self.A.T @ U.view(-1)).view(self.b, -1)
        self.beta.append(_normalised(torch.addcmul(v, V, self.alpha[-1], value=-1), after))

    def bidiagonal(self, k: int) -> Tensor:
        """Return B, (blocks, k, k + 1), in float64 on the CPU."""
        alpha, beta = (torch.cat(part[:k], 1).double().cpu() for part in (self.alpha, self.beta))
        B = alpha.new_zeros(self.b, k, k + 1)
        B.diagonal(0, 1, 2).copy_(alpha)
        B.diagonal(1, 1, 2).copy_(beta)
        return B

    def may_stop(self, k: int, tol: float) -> bool:
        """Whether the residual of the largest is small enough, or something is not finite.

        By B Bᵀ = P Σ² Pᵀ, for a decomposition of B itself costs as much as some small products.
        """
        B = self.bidiagonal(k)
        scale = B.abs().max().item()
        if not 0 < scale < float("inf"):
            return True
        B = B / scale
        squares, P = torch.linalg.eigh(B[..., :k] @ B[..., :k].mT)
        i = int(squares[:, -1].argmax())
        residual = abs(B[i, k - 1, k] * P[i, -1, -1]).item()
        return bool(residual <= tol * squares[i, -1].item() ** 0.5)

    def best(self, k: int, tol: float) -> SingularValue:
        """Return the largest triple of U_k B_k V_kᵀ, over the blocks."""
        columns = k + 1 if k == self.U.shape[2] else k  # U spans all there is: nothing leaves the spaces
        B = self.bidiagonal(k)
        left, right = torch.zeros_like(self.U[0]), torch.zeros_like(self.V[0])
        if not bool(B.isfinite().all()):
            nan = float("nan")
            return SingularValue(nan, float("inf"), 2 * k, False, left.flatten() + nan, right.flatten() + nan)
        P, S, Qt = torch.linalg.svd(B[..., :columns], full_matrices=False)
        i = int(S[:, 0].argmax())
        sigma, residual = S[i, 0].item(), 0.0 if columns > k else abs(B[i, k - 1, k] * P[i, -1, 0]).item()
        left[i] = _unit(P[i, :, 0].to(self.U) @ self.U[:k, i])
        right[i] = _unit(Qt[i, 0].to(self.V) @ self.V[:columns, i])
        return SingularValue(sigma, residual, 2 * k, residual <= tol * sigma, left.flatten(), right.flatten())


def _normalised(x: Float[Tensor, "blocks dim"], out: Float[Tensor, "blocks dim"]) -> Float[Tensor, "blocks 1"]:
    """Put unit vectors in the direction of x there, and return the lengths."""
    length: Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    torch.div(x, length.clamp_min(torch.finfo(x.dtype).tiny), out=out)
    return length


def _unit(x: Tensor) -> Tensor:
    unit: Tensor = x / torch.linalg.vector_norm(x).clamp_min(torch.finfo(x.dtype).tiny)
    return unit
