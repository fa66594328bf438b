"""The diagonal from products: if E[v vᵀ] = I then E[v ⊙ A v] = diag A.

Reference: Bekas, Kokiopoulou and Saad (2007), An estimator for the diagonal of a matrix, eq. (4).
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg.operator import LinearOperator
from rhobar.linalg.random import rademacher
from rhobar.linalg.trace_estimate import check_square

__all__ = ["DiagonalEstimate", "diagonal"]


@dataclass(frozen=True)
class DiagonalEstimate:
    """An unbiased estimate of the diagonal.

    Attributes:
        value: diag A.
        stderr: The standard error of each entry.
        num_matvecs: Products with A.
    """

    value: Float[Tensor, " n"] = field(repr=False)
    stderr: Float[Tensor, " n"] = field(repr=False)
    num_matvecs: int


def diagonal(A: LinearOperator, *, num_matvecs: int, generator: torch.Generator | None = None) -> DiagonalEstimate:
    """Estimate diag A as the mean of v ⊙ A v over Rademacher vectors v.

    Entry i has variance Σ_{j≠i} A_ij² a product.

    Args:
        A: A square operator.
        num_matvecs: Products, at least two.
        generator: Source of the vectors.

    Returns:
        The mean and its standard error, entry by entry.

    Note:
        A `ValueError` is raised if A is not square or fewer than two products are allowed.

    Example:
        >>> A = LinearOperator.from_matrix(torch.diag(torch.tensor([1.0, 2.0, 3.0])))
        >>> diagonal(A, num_matvecs=2).value
        tensor([1., 2., 3.])
    """
    check_square(A, num_matvecs, 2)
    mean = torch.zeros(A.shape[0], dtype=A.dtype, device=A.device)
    squares = torch.zeros_like(mean)  # Σ (x − mean)², updated as by Welford (1962)
    for i in range(num_matvecs):
        (v,) = rademacher(A, 1, generator)
        x = v * (A @ v)
        change = x - mean
        mean = mean + change / (i + 1)
        squares = squares + change * (x - mean)
    stderr = (squares / (num_matvecs - 1) / num_matvecs).sqrt()
    return DiagonalEstimate(mean, stderr, num_matvecs)
