"""The norm of every sample's gradient, without its gradient.

    ‖g_i‖² = Σ_p ‖∂ℓ_i/∂p‖²

Textbook: C34 (part 6).

Reference: Goodfellow (2015), Efficient per-example gradient computations, section 4.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.probes.curvature.risk import Batch, Loss, Risk
from rhobar.probes.noise.sample_gradients import Plans, sample_gradients

__all__ = ["GradientNorms", "gradient_norms"]


@dataclass(frozen=True)
class GradientNorms:
    """Squared norms of the gradients of single samples.

    Attributes:
        squares: ‖∂ℓ_i/∂p‖², parameters by samples, in the order of the batches.
        names: The parameters.
        slow: Parameters that took a backward pass a sample, each with the reason.
    """

    squares: Float[Tensor, "params samples"] = field(repr=False)
    names: tuple[str, ...]
    slow: dict[str, str]

    @property
    def norms(self) -> Float[Tensor, " samples"]:
        """‖g_i‖ over all parameters."""
        return self.squares.sum(0).sqrt()


def gradient_norms(
    model: nn.Module, loss: Loss, batches: Iterable[Batch], *, names: Sequence[str] | None = None
) -> GradientNorms:
    """Measure the gradient norm of every sample, in about the time of one gradient.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        loss: `loss(model(inputs), targets)`, the mean over the samples.
        batches: Pairs (inputs, targets).
        names: Parameters by name; by default all that require gradients.

    Returns:
        The squared norms by parameter.

    Note:
        A `ValueError` is raised if there is no batch or parameter, or the loss is not a mean over samples.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)  # g = 2 x (θ x − y)
        >>> _ = nn.init.ones_(model.weight)
        >>> gradient_norms(model, nn.MSELoss(), [(torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1))]).norms
        tensor([ 2., 18.], dtype=torch.float64)
    """
    risk = Risk(model, loss, batches, names)
    rows, slow = [], {}
    plans: Plans = {}

    def measure(risk: Risk, batch: Batch) -> Tensor:
        found = sample_gradients(risk, batch, plans)
        slow.update({name: reason for name, reason in zip(risk.space.names, found.reasons, strict=True) if reason})
        return found.squares()

    for batch in risk.batches:
        rows.append(risk.run(measure, batch, twice=False))
    return GradientNorms(torch.cat(rows, 1), risk.space.names, slow)
