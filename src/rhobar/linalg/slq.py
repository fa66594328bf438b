"""Stochastic Lanczos quadrature: the spectral density of a symmetric operator.

From a random unit v, k Lanczos steps give the tridiagonal T = Σ θ_j y_j y_jᵀ, and

    vᵀ f(A) v ≈ Σ_j w_j f(θ_j),      w_j = (e₁ᵀ y_j)²,

exactly for polynomials f up to degree 2k − 1. The mean over v estimates tr f(A) / n.

No vector is orthogonalised against more than the two before it. Without orthogonality copies of outer
eigenvalues appear, but they share the weight of the one they copy, so the quadrature stays right; what is lost are
some inner nodes, and what is saved is the storage of all vectors and most of the time.

Textbook: B61 (part 13).

References:
    Ubaru, Chen and Saad (2017), Fast estimation of tr(f(A)) via stochastic Lanczos quadrature, algorithm 1.
    Chen, Trogdon and Ubaru (2021), Analysis of stochastic Lanczos quadrature for spectrum approximation, section 4
    (finite precision).
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg.operator import LinearOperator
from rhobar.linalg.random import gaussian

__all__ = ["SpectralDensity", "spectral_density"]


@dataclass(frozen=True)
class SpectralDensity:
    """Quadrature rules of several random vectors; one row each.

    Attributes:
        nodes: θ, in ascending order; rows that ended early are filled with their last node.
        weights: w ≥ 0, of sum one in every row.
        num_matvecs: Products with A.
    """

    nodes: Float[Tensor, "probes steps"] = field(repr=False)
    weights: Float[Tensor, "probes steps"] = field(repr=False)
    num_matvecs: int

    def cdf(self, x: float) -> tuple[float, float]:
        """Return the share of eigenvalues ≤ x, and its standard error over the vectors."""
        return self._mean(((self.nodes <= x) * self.weights).sum(1))

    def moment(self, power: int) -> tuple[float, float]:
        """Return tr(Aᵖ) / n and its standard error."""
        return self._mean((self.nodes**power * self.weights).sum(1))

    def density(self, grid: Float[Tensor, " points"], width: float) -> Float[Tensor, " points"]:
        """Return the mean density on `grid`, every node a Gaussian of standard deviation `width`."""
        z = (grid.double()[:, None] - self.nodes.flatten()) / width
        bumps = torch.exp(-(z**2) / 2) / (width * (2 * torch.pi) ** 0.5)
        mean: Tensor = bumps @ self.weights.flatten() / self.nodes.shape[0]
        return mean

    def _mean(self, values: Tensor) -> tuple[float, float]:
        return values.mean().item(), (values.std() / values.numel() ** 0.5).item()


def spectral_density(
    A: LinearOperator, *, num_probes: int = 8, num_steps: int = 40, generator: torch.Generator | None = None
) -> SpectralDensity:
    """Estimate how the eigenvalues of A are distributed.

    Args:
        A: A symmetric operator.
        num_probes: Random vectors, at least two.
        num_steps: Lanczos steps, products, and nodes of each.
        generator: Source of the vectors.

    Returns:
        Nodes and weights; they are NaN if a product is not finite.

    Raises:
        ValueError: If A is not square, or there are fewer than two vectors or no step.

    Example:
        >>> A = LinearOperator.from_matrix(torch.diag(torch.tensor([1.0, 1.0, 3.0, 3.0])))
        >>> density = spectral_density(A, num_probes=2, num_steps=2)
        >>> [round(x, 3) for x in density.nodes[0].tolist()]
        [1.0, 3.0]
    """
    if A.shape[0] != A.shape[1]:
        raise ValueError(f"The operator must be square and symmetric, got the shape {A.shape}.")
    if num_probes < 2 or num_steps < 1:
        raise ValueError(
            f"num_probes must be at least 2 and num_steps at least 1, got {num_probes} and {num_steps}; "
            "one vector gives no standard error."
        )
    rules = []
    num_matvecs = 0
    for _ in range(num_probes):
        nodes, weights, steps = _quadrature(A, gaussian(A, 1, generator)[0], min(num_steps, A.shape[0]))
        num_matvecs += steps
        rules.append((nodes, weights))
    nodes, weights = (torch.stack(rows) for rows in zip(*rules, strict=True))
    return SpectralDensity(nodes, weights, num_matvecs)


def _quadrature(A: LinearOperator, v: Tensor, num_steps: int) -> tuple[Tensor, Tensor, int]:
    """Return nodes, weights and the number of products from one start, by the three-term recurrence in two vectors."""
    v.div_(torch.linalg.vector_norm(v))
    previous, alpha, beta = torch.zeros_like(v), [], [0.0]
    tiny = torch.finfo(A.dtype).eps * A.shape[0] ** 0.5
    for _ in range(num_steps):
        w = previous.mul_(-beta[-1]).add_(A @ v)
        alpha.append((w @ v).item())
        w.sub_(v, alpha=alpha[-1])
        beta.append(torch.linalg.vector_norm(w).item())
        if not beta[-1] > tiny * max(map(abs, [*alpha, *beta])):
            break
        previous, v = v, w.div_(beta[-1])
    off = torch.tensor(beta[1 : len(alpha)], dtype=torch.float64)
    T = torch.diag(torch.tensor(alpha, dtype=torch.float64)) + torch.diag(off, 1) + torch.diag(off, -1)
    nodes, weights = torch.full((num_steps,), float("nan")).double(), torch.zeros(num_steps).double()
    if T.isfinite().all():
        theta, Y = torch.linalg.eigh(T)
        nodes[: theta.numel()], weights[: theta.numel()] = theta, Y[0] ** 2
        nodes[theta.numel() :] = theta[-1]
    else:
        weights.fill_(float("nan"))
    return nodes, weights, len(alpha)
