"""A batch's forward pass, read sample by sample: where the parameters enter, and which rows are whose.

The layout of the samples is found on the first two of them, once for all batches whose graphs are alike.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.graph import GradientEdge
from torch.utils import _pytree as pytree

from rhobar.linalg.products import gradients, nodes
from rhobar.probes.curvature.risk import Batch, Risk
from rhobar.probes.noise.contributions import Contribution, merged
from rhobar.probes.noise.layout import Layout, find_layout
from rhobar.probes.noise.uses import Use, find_uses

__all__ = ["Plans", "Sampled", "Values", "sampled"]

Values = Callable[[Risk, Batch], Tensor]
"""Runs the model on a batch and returns the values to differentiate, (samples, values), on their graph."""
Plan = tuple[list[Layout | None], list[str]]
Plans = dict[tuple[object, ...], Plan]


@dataclass(frozen=True)
class Sampled:
    """Values of every sample on a kept graph.

    Attributes:
        values: The values.
        edges: Where the parameters enter the graph.
        uses: All places where they do, of which rules can tell what belongs to whom.
        layouts: Of the rows of each use.
        reasons: For each parameter why structure does not do; empty if it does.
    """

    values: Float[Tensor, "samples values"]
    edges: list[GradientEdge]
    uses: list[Use]
    layouts: list[Layout]
    reasons: list[str]

    @property
    def shapes(self) -> list[torch.Size]:
        """The shapes of the parameters."""
        return [edge.node.variable.shape for edge in self.edges]  # type: ignore[attr-defined]

    def contributions(
        self, along: Float[Tensor, "samples values"], without: Container[int] = ()
    ) -> list[Contribution | None]:
        """Return what each use adds to ∂(Σ_j along_ij values_ij)/∂p for every sample i.

        It is `None` where that is nothing, and for the parameters left out.
        """
        deltas = gradients([self.values], [use.output for use in self.uses], [along]) if self.uses else []
        return [
            None
            if delta is None or use.parameter in without
            else use.contribution(delta, layout, self.edges[use.parameter])
            for use, layout, delta in zip(self.uses, self.layouts, deltas, strict=True)
        ]

    def merged(self, along: Float[Tensor, "samples values"]) -> list[Contribution | None]:
        """Return the sum of the uses' contributions for each parameter; `None` if there is none."""
        parts: list[list[Contribution]] = [[] for _ in self.edges]
        for use, contribution in zip(self.uses, self.contributions(along), strict=True):
            if contribution is not None:
                parts[use.parameter].append(contribution)
        return [merged(own, shape) if own else None for own, shape in zip(parts, self.shapes, strict=True)]


def sampled(risk: Risk, batch: Batch, values: Values, plans: Plans | None = None) -> Sampled:
    """Make the graph of one batch and plan it; to be called by `Risk.run`.

    Args:
        risk: The model and its parameters.
        batch: A pair (inputs, targets).
        values: What to differentiate.
        plans: Layouts found for earlier batches; those of a graph with the same uses and sizes are not sought again.
    """
    found = values(risk, batch)
    edges = risk.edges()
    uses = find_uses(nodes([found]), edges)
    plans = {} if plans is None else plans
    key = (len(found), *((use.key, tuple(use.node._input_metadata[0].shape)) for use in uses))
    if key not in plans:
        plans[key] = _layouts(risk, batch, values, uses, len(found), len(edges))
    layouts, reasons = plans[key]
    kept = [(u, layout) for u, layout in zip(uses, layouts, strict=True) if layout and not reasons[u.parameter]]
    return Sampled(found, edges, [use for use, _ in kept], [layout for _, layout in kept], reasons)


def _layouts(risk: Risk, batch: Batch, values: Values, uses: list[Use], n: int, num_params: int) -> Plan:
    """Return the layout of each use, and for each parameter why structure does not do."""
    reasons = [""] * num_params
    for use in uses:
        if use.rule is None:
            reasons[use.parameter] = f"it enters {use.node.name()}, whose structure is not known"
    if n == 1:
        return [Layout(1, 1, -1)] * len(uses), reasons
    try:
        two = values(risk, _first_two(batch, n))
        pair = find_uses(nodes([two]), risk.edges())
        if [use.key for use in pair] != [use.key for use in uses]:
            return [None] * len(uses), ["the graph of two samples is another one"] * num_params
        outputs, along = [use.output for use in pair], _generic(two)
        first, second = (gradients([two[i]], outputs, [along]) for i in (0, 1))
    except (RuntimeError, ValueError, IndexError) as error:
        said = str(error).partition("\n")[0]
        return [None] * len(uses), [f"the layout of samples is not known: {said}"] * num_params
    layouts: list[Layout | None] = []
    for use, one, other in zip(uses, first, second, strict=True):
        if one is None or other is None or use.rule is None:
            layouts.append(None)
            continue
        layouts.append(find_layout(use.touched(one), use.touched(other), n))
        if layouts[-1] is None and not reasons[use.parameter]:
            reasons[use.parameter] = f"samples are mixed at or after {use.node.name()}"
    return layouts, reasons


def _generic(two: Tensor) -> Tensor:
    """Return a direction in which no row's gradient vanishes, as the sum of a softmax's outputs would."""
    if two.shape[1] == 1:
        return torch.ones_like(two[0])
    weights = torch.rand(two.shape[1], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return (weights + 0.5).to(two)


def _first_two(batch: Any, n: int) -> Batch:  # noqa: ANN401
    def cut(leaf: Any) -> Any:  # noqa: ANN401
        return leaf[:2] if isinstance(leaf, Tensor) and leaf.dim() and leaf.shape[0] == n else leaf

    return pytree.tree_map(cut, batch)
