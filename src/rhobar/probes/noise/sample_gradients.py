"""The gradient of every sample's loss, as factors from one forward and one backward pass.

A linear map y_r = W a_r + b over rows r contributes Σ_r δ_r a_rᵀ to ∂ℓ/∂W and Σ_r δ_r to ∂ℓ/∂b, δ = ∂ℓ/∂y; which rows
are sample i's is the layout, found on two samples. Convolutions, norms, embeddings and broadcast terms or factors have
the like. A parameter used in another way, or where samples mix (train-mode batch norm), takes one backward
pass a sample, and is named.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge
from torch.utils import _pytree as pytree

from rhobar.probes.curvature.forward import forward
from rhobar.probes.curvature.per_sample import sample_losses
from rhobar.probes.curvature.risk import Batch, Risk, gradients, nodes, num_samples
from rhobar.probes.noise.contributions import Contribution, Dense, merged
from rhobar.probes.noise.layout import Layout, find_layout
from rhobar.probes.noise.uses import Use, find_uses

__all__ = ["Plans", "SampleGradients", "sample_gradients"]

Plan = tuple[list[Layout | None], list[str]]
Plans = dict[tuple[object, ...], Plan]


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
        rows = [zero if c is None else of(c, i).double() for i, c in enumerate(self.contributions)]
        return torch.stack(rows)


def sample_gradients(risk: Risk, batch: Batch, plans: Plans | None = None) -> SampleGradients:
    """Make them for one batch; to be called by `Risk.run`.

    Args:
        risk: The model and the loss.
        batch: A pair (inputs, targets).
        plans: Layouts found for earlier batches; those of a graph with the same uses and sizes are not sought again.
    """
    losses, uses, edges = _graph(risk, batch)
    plans = {} if plans is None else plans
    key = (losses.numel(), *((use.key, tuple(use.node._input_metadata[0].shape)) for use in uses))
    if key not in plans:
        plans[key] = _layouts(risk, batch, uses, losses.numel(), len(edges))
    layouts, reasons = plans[key]
    structured = [(use, layout) for use, layout in zip(uses, layouts, strict=True) if not reasons[use.parameter]]
    deltas = gradients([losses.sum()], [use.output for use, _ in structured]) if structured else []
    parts: list[list[Contribution]] = [[] for _ in edges]
    for (use, layout), delta in zip(structured, deltas, strict=True):
        if delta is not None and layout is not None:
            parts[use.parameter].append(use.contribution(delta, layout, edges[use.parameter]))
    contributions: list[Contribution | None] = []
    for i, edge in enumerate(edges):
        shape: torch.Size = edge.node.variable.shape  # type: ignore[attr-defined]
        if reasons[i]:
            contributions.append(_one_by_one(losses, edge, shape))
        else:
            contributions.append(merged(parts[i], shape) if parts[i] else None)
    return SampleGradients(losses, edges, contributions, reasons)


def _graph(risk: Risk, batch: Batch) -> tuple[Tensor, list[Use], list[GradientEdge]]:
    outputs = forward(risk.model, batch)
    n, edges = num_samples(batch), risk.edges()
    losses = sample_losses(risk.loss, outputs.rebuild(outputs.tensors), outputs.targets, n)
    return losses, find_uses(nodes([losses]), edges), edges


def _layouts(risk: Risk, batch: Batch, uses: list[Use], n: int, num_params: int) -> Plan:
    """Return the layout of each use, and for each parameter why structure does not do."""
    reasons = [""] * num_params
    for use in uses:
        if use.rule is None:
            reasons[use.parameter] = f"it enters {use.node.name()}, whose structure is not known"
    if n == 1:
        return [Layout(1, 1, -1)] * len(uses), reasons
    try:
        losses, pair, _ = _graph(risk, _first_two(batch, n))
        if [use.key for use in pair] != [use.key for use in uses]:
            return [None] * len(uses), ["the graph of two samples is another one"] * num_params
        outputs = [use.output for use in pair]
        first, second = (gradients([losses[i]], outputs) for i in (0, 1))
    except (RuntimeError, ValueError, IndexError) as error:
        said = str(error).partition("\n")[0]
        return [None] * len(uses), [f"the layout of samples is not known: {said}"] * num_params
    layouts: list[Layout | None] = []
    for use, one, two in zip(uses, first, second, strict=True):
        if one is None or two is None or use.rule is None:
            layouts.append(None)
            continue
        layouts.append(find_layout(use.touched(one), use.touched(two), n))
        if layouts[-1] is None and not reasons[use.parameter]:
            reasons[use.parameter] = f"samples are mixed at or after {use.node.name()}"
    return layouts, reasons


def _first_two(batch: Any, n: int) -> Batch:  # noqa: ANN401
    def cut(leaf: Any) -> Any:  # noqa: ANN401
        return leaf[:2] if isinstance(leaf, Tensor) and leaf.dim() and leaf.shape[0] == n else leaf

    return pytree.tree_map(cut, batch)


def _one_by_one(losses: Tensor, edge: GradientEdge, shape: torch.Size) -> Dense:
    """A backward pass for each sample."""

    def make(chosen: slice) -> Tensor:
        rows = []
        for loss in losses[chosen].unbind():
            (g,) = gradients([loss], [edge])
            rows.append(torch.zeros(shape, dtype=losses.dtype, device=losses.device) if g is None else g)
        return torch.stack(rows)

    return Dense(make, losses.numel(), shape.numel())
