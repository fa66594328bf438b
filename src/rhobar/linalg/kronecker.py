"""Factors of a Kronecker product, A the mean of ā āᵀ over rows and G that of δ δᵀ, summed call by call, graphless.

Rows of the sums start at multiples of 16 elements: at odd places, as ā = (a, 1) would have them, products take a third
longer.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg.gram import add_gram, mirror

__all__ = ["KroneckerSums"]


class KroneckerSums:
    """Σ ā āᵀ over rows, and Σ δ δᵀ over rows and draws.

    Args:
        inputs: The length of a.
        outputs: The length of δ.
        has_bias: Whether ā = (a, 1), or a.
        like: A tensor of their dtype, on their device.
        num_draws: How many independent δ there are for each row.

    Attributes:
        rows: How many ā there were.
        traces: Σ ‖δ‖² of each draw.

    Example:
        >>> sums = KroneckerSums(1, 1, True, torch.zeros(()))
        >>> sums.add_inputs(torch.tensor([[[1.0, 3.0]]]))
        >>> sums.add_gradients(torch.tensor([[[2.0, 0.0]]]))
        >>> A, G = sums.mean(2)
        >>> A.tolist(), G.tolist()
        ([[5.0, 2.0], [2.0, 1.0]], [[2.0]])
    """

    def __init__(self, inputs: int, outputs: int, has_bias: bool, like: Tensor, *, num_draws: int = 1) -> None:
        self.rows, self.traces = 0, [0.0] * num_draws
        self._n, self._A, self._G = inputs, _aligned(inputs + has_bias, like), _aligned(outputs, like)
        self._sum = like.new_zeros(inputs) if has_bias else None
        self._trace: float | None = None

    def add_inputs(self, a: Float[Tensor, "batch inputs places"]) -> None:
        """Add the rows of one call."""
        add_gram(self._A[: self._n, : self._n], a, fresh=self.rows == 0)
        self.rows += a.shape[0] * a.shape[2]
        if self._sum is not None:
            self._sum += a.sum((0, 2))

    def add_gradients(self, delta: Float[Tensor, "batch outputs places"], draw: int = 0) -> None:
        """Add the gradients at the outputs of one call."""
        add_gram(self._G, delta, fresh=self._trace is None)
        before, self._trace = self._trace or 0.0, self._G.trace().item()
        self.traces[draw] += self._trace - before

    def mean(self, num_targets: int) -> tuple[Float[Tensor, "columns columns"], Float[Tensor, "outputs outputs"]]:
        """Return A, over the rows, and G, over `num_targets`; nothing can be added afterwards."""
        A, n = self._A, self._n
        mirror(A[:n, :n])
        if self._sum is not None:
            A[n, :n] = A[:n, n] = self._sum
            A[n, n] = self.rows
        G = torch.zeros_like(self._G) if self._trace is None else mirror(self._G).div_(num_targets)
        return A.div_(self.rows), G


def _aligned(n: int, like: Tensor) -> Float[Tensor, "n n"]:
    """Return an empty matrix whose rows start at multiples of 16 elements."""
    return like.new_empty(n, -(-n // 16) * 16)[:, :n]
