"""Factors of a Kronecker product, A the mean of ā āᵀ over rows and G that of δ δᵀ, summed call by call, graphless.

With ā = (a, 1) the sums of a aᵀ and of a are kept apart until the end: rows of an odd length slow a product by a third.
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
        self._aa, self._dd = like.new_empty(inputs, inputs), like.new_empty(outputs, outputs)
        self._a = like.new_zeros(inputs) if has_bias else None
        self._trace: float | None = None

    def add_inputs(self, a: Float[Tensor, "batch inputs places"]) -> None:
        """Add the rows of one call."""
        add_gram(self._aa, a, fresh=self.rows == 0)
        self.rows += a.shape[0] * a.shape[2]
        if self._a is not None:
            self._a += a.sum((0, 2))

    def add_gradients(self, delta: Float[Tensor, "batch outputs places"], draw: int = 0) -> None:
        """Add the gradients at the outputs of one call."""
        add_gram(self._dd, delta, fresh=self._trace is None)
        before, self._trace = self._trace or 0.0, self._dd.trace().item()
        self.traces[draw] += self._trace - before

    def mean(self, num_targets: int) -> tuple[Float[Tensor, "columns columns"], Float[Tensor, "outputs outputs"]]:
        """Return A, over the rows, and G, over `num_targets`; nothing can be added afterwards."""
        aa = mirror(self._aa.div_(self.rows))
        G = torch.zeros_like(self._dd) if self._trace is None else mirror(self._dd.div_(num_targets))
        if self._a is None:
            return aa, G
        a = self._a / self.rows
        return torch.cat([torch.cat([aa, a[:, None]], 1), torch.cat([a, a.new_ones(1)])[None]]), G
