"""The gradient of every sample's loss, as factors from one forward and one backward pass.

A linear map y_r = W a_r + b over rows r contributes Σ_r δ_r a_rᵀ to ∂ℓ/∂W and Σ_r δ_r to ∂ℓ/∂b, δ = ∂ℓ/∂y; which rows
are sample i's is the layout, found on two samples. Convolutions, norms, embeddings and broadcast terms or factors have
the like. A parameter used in another way, or where samples mix (train-mode batch norm), takes one backward
pass a sample, and is named.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from rhobar.linalg.products import gradients
from rhobar.probes.curvature.forward import forward
from rhobar.probes.curvature.per_sample import sample_losses
from rhobar.probes.curvature.risk import Batch, Risk, num_samples
from rhobar.probes.noise.contributions import Contribution, Dense
from rhobar.probes.noise.sampled import Plans, sampled

__all__ = ["Plans", "SampleGradients", "sample_gradients"]


@dataclass(frozen=True)
class SampleGradients:
    """The gradients of one batch, parameter by parameter.

    Attributes:
        losses: ℓ_i, on their graph.
        edges: Where the parameters enter it.
        contributions: For each parameter what gives its G_i, or `None` if the losses do not depend on it.
        reasons: For each parameter why its gradients take a backward pass a sample; empty if they do not.
    """

    losses: Tensor
    edges: list[GradientEdge]
    contributions: list[Contribution | None] = field(repr=False)
    reasons: list[str]

    def mean(self) -> list[Tensor | None]:
        """Return the gradient of the mean loss."""
        return gradients([self.losses.mean()], self.edges)

    def squares(self) -> Tensor:
        """Return ‖∂ℓ_i/∂p‖², parameters by samples, in float64."""
        return self._rows(lambda c, _: c.squares())

    def dots(self, v: Sequence[Tensor]) -> Tensor:
        """Return ⟨∂ℓ_i/∂p, v_p⟩, likewise."""
        return self._rows(lambda c, i: c.dots(v[i]))

    def _rows(self, of: Callable[[Contribution, int], Tensor]) -> Tensor:
        zero = torch.zeros(self.losses.numel(), dtype=torch.float64, device=self.losses.device)
        with torch.no_grad():
            rows = [zero if c is None else of(c, i).double() for i, c in enumerate(self.contributions)]
        return torch.stack(rows)


def sample_gradients(risk: Risk, batch: Batch, plans: Plans | None = None) -> SampleGradients:
    """Make them for one batch; to be called by `Risk.run`.

    Args:
        risk: The model and the loss.
        batch: A pair (inputs, targets).
        plans: Layouts found for earlier batches; those of a graph with the same uses and sizes are not sought again.
    """
    found = sampled(risk, batch, _losses, plans)
    losses = found.values[:, 0]
    with torch.no_grad():
        contributions = found.merged(torch.ones_like(found.values))
    for i, (edge, shape) in enumerate(zip(found.edges, found.shapes, strict=True)):
        if found.reasons[i]:
            contributions[i] = _one_by_one(losses, edge, shape)
    return SampleGradients(losses, found.edges, contributions, found.reasons)


def _losses(risk: Risk, batch: Batch) -> Tensor:
    outputs = forward(risk.model, batch)
    losses = sample_losses(risk.loss, outputs.rebuild(outputs.tensors), outputs.targets, num_samples(batch))
    return losses.unsqueeze(1)


def _one_by_one(losses: Tensor, edge: GradientEdge, shape: torch.Size) -> Dense:
    """A backward pass for each sample."""

    def make(chosen: slice) -> Tensor:
        rows = []
        for along in torch.eye(losses.numel(), dtype=losses.dtype, device=losses.device)[chosen]:
            (g,) = gradients([losses], [edge], [along])
            rows.append(torch.zeros(shape, dtype=losses.dtype, device=losses.device) if g is None else g)
        return torch.stack(rows)

    return Dense(make, losses.numel(), shape.numel())
