"""The condition number of a positive definite operator, from both ends of its spectrum.

Textbook: B27 (part 6).
"""

from dataclasses import dataclass

import torch

from rhobar.linalg.lanczos import eigenpairs
from rhobar.linalg.operator import LinearOperator

__all__ = ["ConditionNumber", "condition_number"]


@dataclass(frozen=True)
class ConditionNumber:
    """κ = (λ_max + δ) / (λ_min + δ).

    Attributes:
        value: κ, from below; infinite if λ_min + δ is not positive beyond its residual.
        largest: λ_max of A, from below.
        smallest: λ_min of A, from above.
        residuals: Of both.
        num_matvecs: Products with A.
        converged: Whether both ends reached their tolerance.
    """

    value: float
    largest: float
    smallest: float
    residuals: tuple[float, float]
    num_matvecs: int
    converged: bool


def condition_number(
    A: LinearOperator,
    *,
    damping: float = 0.0,
    tol: float = 1e-2,
    max_matvecs: int = 300,
    generator: torch.Generator | None = None,
) -> ConditionNumber:
    """Return κ of A + δ I, for a symmetric A.

    Gradient descent on a quadratic contracts by (κ − 1)/(κ + 1) a step at best.

    Args:
        A: A symmetric operator.
        damping: δ.
        tol: Stop each end once its residual is at most tol · (its |λ| + δ).
        max_matvecs: Bound on the products for each end.
        generator: Source of the random starts.

    Returns:
        κ with both ends.

    Raises:
        ValueError: If A is not square, or the damping is negative.

    Example:
        >>> A = LinearOperator.from_matrix(torch.diag(torch.tensor([1.0, 2.0, 8.0])))
        >>> round(condition_number(A).value, 3)
        8.0
    """
    if not damping >= 0:
        raise ValueError(f"damping must be at least 0, got {damping}.")
    top = eigenpairs(A, which="largest", tol=tol, max_matvecs=max_matvecs, generator=generator)
    largest, high = top.values[0].item(), top.residuals[0].item()
    smallest, low, spent, budget, fine = largest, float("inf"), top.num_matvecs, max_matvecs, tol
    while not low <= tol * abs(smallest + damping) and budget > 0 and largest == largest:
        end = eigenpairs(A, which="smallest", tol=fine, max_matvecs=budget, generator=generator)
        smallest, low = end.values[0].item(), end.residuals[0].item()
        spent, budget, fine = spent + end.num_matvecs, budget - end.num_matvecs, fine / 100
    definite = smallest + damping > max(low, torch.finfo(A.dtype).eps * A.shape[0] ** 0.5 * abs(largest))
    value = (largest + damping) / (smallest + damping) if definite else float("inf")
    converged = top.converged and low <= tol * abs(smallest + damping)
    return ConditionNumber(
        value if largest == largest else float("nan"), largest, smallest, (high, low), spent, converged
    )
