"""A matrix known only by its products: v ↦ A v and u ↦ Aᵀ u."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["LinearOperator"]


@dataclass(frozen=True)
class LinearOperator:
    """A linear map A: ℝⁿ → ℝᵐ.

    Attributes:
        matvec: v ↦ A v, from shape (n,) to (m,).
        rmatvec: u ↦ Aᵀ u, from shape (m,) to (n,).
        shape: (m, n).
        dtype: Of the vectors on both sides.
        device: Of the vectors on both sides.

    Raises:
        ValueError: If the shape has a dimension below one, or the dtype is not a real floating one; and, from
            `@`, if a vector or a product has another shape than A says.

    Example:
        >>> A = LinearOperator.from_matrix(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
        >>> A @ torch.tensor([1.0, 1.0])
        tensor([ 3.,  7., 11.])
        >>> A.T @ torch.tensor([1.0, 1.0, 1.0])
        tensor([ 9., 12.])
    """

    matvec: Callable[[Tensor], Tensor]
    rmatvec: Callable[[Tensor], Tensor]
    shape: tuple[int, int]
    dtype: torch.dtype = torch.float32
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def __post_init__(self) -> None:
        if min(self.shape) < 1:
            raise ValueError(f"Both dimensions of an operator must be at least 1, got the shape {self.shape}.")
        if not self.dtype.is_floating_point:
            raise ValueError(f"The dtype of an operator must be a real floating one, got {self.dtype}.")

    @classmethod
    def from_matrix(cls, matrix: Float[Tensor, "m n"]) -> "LinearOperator":
        """Return the operator that multiplies by a dense matrix."""
        m, n = matrix.shape
        return cls(lambda v: matrix @ v, lambda u: matrix.T @ u, (m, n), matrix.dtype, matrix.device)

    @classmethod
    def symmetric(
        cls, matvec: Callable[[Tensor], Tensor], n: int, dtype: torch.dtype, device: torch.device
    ) -> "LinearOperator":
        """Return the n × n operator that is its own transpose."""
        return cls(matvec, matvec, (n, n), dtype, device)

    @property
    def T(self) -> "LinearOperator":
        """The transposed operator Aᵀ."""
        m, n = self.shape
        return LinearOperator(self.rmatvec, self.matvec, (n, m), self.dtype, self.device)

    def __matmul__(self, v: Float[Tensor, " n"]) -> Float[Tensor, " m"]:
        m, n = self.shape
        if v.shape != (n,):
            raise ValueError(
                f"An operator of shape {self.shape} multiplies vectors of shape ({n},), "
                f"got {tuple(v.shape)}; flatten the vector first."
            )
        Av = self.matvec(v)
        if Av.shape != (m,):
            raise ValueError(
                f"The product with an operator of shape {self.shape} must have the shape ({m},), but its "
                f"function returned {tuple(Av.shape)}; flatten the result, or correct the shape."
            )
        return Av
