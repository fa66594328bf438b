"""How many eigenvalues of a symmetric operator are negative: from below for certain, and an estimate.

By Cauchy's interlacing, A has at least as many eigenvalues below −ε as its compression on any subspace. The number
itself is n · φ(−ε), with φ the distribution that stochastic Lanczos quadrature estimates.

Textbook: B61 B63 (part 13).

Reference: Parlett (1998), The symmetric eigenvalue problem, section 10.1.
"""

from dataclasses import dataclass

import torch

from rhobar.linalg.lanczos import eigenpairs
from rhobar.linalg.operator import LinearOperator
from rhobar.linalg.slq import spectral_density

__all__ = ["NegativeDirections", "negative_directions"]


@dataclass(frozen=True)
class NegativeDirections:
    """The number of eigenvalues below −ε, of a Hessian its saddle index.

    Attributes:
        at_least: So many are proven, up to rounding.
        estimate: n · φ(−ε).
        stderr: Standard error of `estimate` over the random vectors; what 40 nodes cannot resolve comes on top.
        smallest: The smallest eigenvalue, from above.
        residual: A has an eigenvalue within this distance of `smallest`.
        threshold: ε.
        num_matvecs: Products with A.
    """

    at_least: int
    estimate: float
    stderr: float
    smallest: float
    residual: float
    threshold: float
    num_matvecs: int


def negative_directions(
    A: LinearOperator,
    *,
    relative_threshold: float = 1e-4,
    num_probes: int = 8,
    num_steps: int = 40,
    generator: torch.Generator | None = None,
) -> NegativeDirections:
    """Count the eigenvalues of a symmetric A below −ε, ε = `relative_threshold` · |λ|max.

    A threshold of zero would count the rounding of zero eigenvalues, of which networks have many.

    Args:
        A: A symmetric operator.
        relative_threshold: ε over the largest |λ|.
        num_probes: Random vectors of the estimate, at least two.
        num_steps: Lanczos steps of each.
        generator: Source of the random vectors.

    Returns:
        The count.

    Note:
        A `ValueError` is raised if A is not square, or there are fewer than two vectors or no step.

    Example:
        >>> A = LinearOperator.from_matrix(torch.diag(torch.tensor([-1.0, -1.0, 3.0, 3.0])))
        >>> found = negative_directions(A, generator=torch.Generator().manual_seed(0))
        >>> found.at_least, round(found.smallest, 3)
        (2, -1.0)
    """
    density = spectral_density(A, num_probes=num_probes, num_steps=num_steps, generator=generator)
    threshold = relative_threshold * density.nodes.abs().max().item()
    share, stderr = density.cdf(-threshold)
    n = A.shape[0]
    size = min(n, num_steps)
    found = eigenpairs(A, num=size, which="smallest", tol=0.0, max_matvecs=size, basis_size=n, generator=generator)
    at_least = int((found.values < -threshold).sum())
    return NegativeDirections(
        at_least,
        n * share,
        n * stderr,
        found.values[0].item(),
        found.residuals[0].item(),
        threshold,
        density.num_matvecs + found.num_matvecs,
    )
