"""Gradient confusion: do batches pull against each other?

    ζ = −min_{i≠j} ⟨g_i, g_j⟩   (0 if all agree),      and the smallest cosine

SGD converges to a neighbourhood whose size grows with ζ; wide nets have less of it, deep ones more.

Reference: Sankararaman, De, Xu, Huang and Goldstein (2020), The impact of neural network overparameterization on
gradient confusion and stochastic gradient descent, definition 2.1.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.probes.curvature.risk import Batch, Loss
from rhobar.probes.estimate import Estimate, jackknife
from rhobar.probes.noise import batch_cosines

__all__ = ["GradientConfusion", "gradient_confusion"]


@dataclass(frozen=True)
class GradientConfusion:
    """How much batches disagree. A minimum over pairs has no error bar: it falls as pairs are added.

    Attributes:
        bound: ζ over the pairs seen.
        smallest_cosine: Over the pairs.
        mean_cosine: With its error over batches.
        conflicts: Share of pairs with a negative product, with its error over batches.
        cosines: Of all pairs.
    """

    bound: float
    smallest_cosine: float
    mean_cosine: Estimate
    conflicts: Estimate
    cosines: Float[Tensor, "batches batches"] = field(repr=False)


def gradient_confusion(model: nn.Module, loss: Loss, batches: Iterable[Batch]) -> GradientConfusion:
    """Measure how much the gradients of batches, or of samples as batches of one, disagree.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        loss: `loss(model(inputs), targets)`, or `loss(model, batch)`.
        batches: Two at least; four for the errors.

    Note:
        A `ValueError` is raised if there are fewer than two batches.

    Example:
        >>> model, x = nn.Linear(1, 1, bias=False), torch.ones(1, 1)
        >>> found = gradient_confusion(model, lambda m, sign: sign * m(x).sum(), [1.0, -1.0])
        >>> found.bound, found.smallest_cosine
        (1.0, -1.0)
    """
    found = batch_cosines(model, loss, batches)
    C, norms = found.cosines.double(), found.norms.double()
    m = C.shape[0]
    off = ~torch.eye(m, dtype=torch.bool)
    products = C * norms[:, None] * norms

    def shares(kept: Tensor) -> Tensor:
        part = C[kept][:, kept][~torch.eye(kept.numel(), dtype=torch.bool)]
        return torch.stack([part.mean(), (part < 0).double().mean()])

    whole = shares(torch.arange(m))
    errors = jackknife(shares, m)[1] if m > 3 else torch.full((2,), torch.nan)
    mean, conflicts = (Estimate(v, e) for v, e in zip(whole.tolist(), errors.tolist(), strict=True))
    return GradientConfusion(max(-products[off].min().item(), 0.0), C[off].min().item(), mean, conflicts, C)
