"""Do batches, or tasks, pull the same way? Cosines between their gradients.

    cos(g_a, g_b) = g_a · g_b / (‖g_a‖ ‖g_b‖)

Below zero a step for one undoes the other.

Textbook: B73 (part 15).

Reference: Yu et al. (2020), Gradient surgery for multi-task learning, definition 1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.linalg.products import gradients
from rhobar.probes.curvature.forward import loss_of
from rhobar.probes.curvature.risk import Batch, Loss, Risk

__all__ = ["BatchCosines", "batch_cosines"]


@dataclass(frozen=True)
class BatchCosines:
    """The directions of several gradients.

    Attributes:
        cosines: cos(g_a, g_b); NaN beside a gradient of zero.
        norms: ‖g_a‖.
    """

    cosines: Float[Tensor, "batches batches"]
    norms: Float[Tensor, " batches"]

    @property
    def mean(self) -> float:
        """The mean cosine of different batches."""
        B = self.norms.numel()
        return ((self.cosines.sum() - self.cosines.trace()) / (B * (B - 1))).item()

    @property
    def conflicts(self) -> float:
        """The share of pairs of different batches with a negative cosine."""
        B = self.norms.numel()
        return ((self.cosines < 0).sum() / (B * (B - 1))).item()


def batch_cosines(
    model: nn.Module, loss: Loss, batches: Iterable[Batch], *, names: Sequence[str] | None = None
) -> BatchCosines:
    """Compare the gradients of the batches. All of them are held in memory at once.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        loss: `loss(model(inputs), targets)` for batches that are pairs, else `loss(model, batch)`; so tasks are batches
            that say which task they are of.
        batches: Two at least.
        names: Parameters by name; by default all that require gradients.

    Returns:
        The cosines of all pairs.

    Raises:
        ValueError: If there are fewer than two batches.

    Example:
        >>> model = nn.Linear(2, 1, bias=False)
        >>> batches = [(torch.eye(2)[[i]], torch.ones(1, 1) * 9) for i in (0, 1, 1)]
        >>> batch_cosines(model, nn.MSELoss(), batches).cosines.round(decimals=4)
        tensor([[1., 0., 0.],
                [0., 1., 1.],
                [0., 1., 1.]], dtype=torch.float64)
    """
    batches = list(batches)
    if len(batches) < 2:
        raise ValueError(f"There must be two batches at least to compare, got {len(batches)}.")
    risk = Risk(model, loss, batches, names, weights=[1.0] * len(batches))
    G = torch.stack([risk.run(_gradient, batch, twice=False) for batch in risk.batches])
    gram = (G @ G.T).double()
    norms = gram.diagonal().clamp_min(0).sqrt()
    return BatchCosines((gram / norms[:, None] / norms).clamp(-1, 1), norms)


def _gradient(risk: Risk, batch: Batch) -> Tensor:
    return risk.space.flatten(gradients([loss_of(risk.model, risk.loss, batch)], risk.edges()))
