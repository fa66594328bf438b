"""Where the parameters enter a kept autograd graph.

The graph, not the modules, is read: a matrix used through `F.linear`, by `nn.MultiheadAttention`, at every step of
a recurrent cell, in part or tied to another layer is found where it is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node

from rhobar.probes.noise.contributions import Contribution, Dense
from rhobar.probes.noise.layout import Layout
from rhobar.probes.noise.rules import RULES, Rule, leading_dims

__all__ = ["Use", "find_uses"]

_TRANSPOSES = ("TBackward0", "TransposeBackward0")
_VIEWS = (
    *_TRANSPOSES,
    *("SliceBackward0", "SelectBackward0", "ViewBackward0", "UnsafeViewBackward0", "ReshapeAliasBackward0"),
    *("UnsqueezeBackward0", "SqueezeBackward0", "SqueezeBackward1", "PermuteBackward0", "SplitWithSizesBackward0"),
    *("SplitBackward0", "AliasBackward0", "CloneBackward0", "ToCopyBackward0", "ExpandBackward0"),
)
"""Operations on a parameter alone that are linear in it."""


@dataclass(frozen=True)
class Use:
    """One place where a parameter, or a view of it, enters.

    Attributes:
        parameter: Its index among the parameters.
        node: The operation that takes it.
        slot: Which of the operation's inputs it is.
        transposed: Whether it was transposed, and nothing else, before.
        view: Where the view comes from, if it is another one.
        shape: Of what enters (of the parameter, if it was transposed).
    """

    parameter: int
    node: Node
    slot: int
    transposed: bool
    view: GradientEdge | None
    shape: torch.Size

    @property
    def key(self) -> tuple[int, str, int, bool]:
        """What must be the same in the graph of fewer samples."""
        return self.parameter, self.node.name(), self.slot, self.transposed

    @property
    def rule(self) -> Rule | None:
        """What makes its contribution, if that is known."""
        return RULES.get((self.node.name(), self.slot, self.transposed))

    @property
    def output(self) -> GradientEdge:
        """The operation's (first) output."""
        return GradientEdge(self.node, 0)

    def touched(self, gradient: Tensor) -> Tensor:
        """Return which rows of the output have a gradient."""
        lead = leading_dims(self.node.name(), gradient.dim(), self.shape)
        rows = gradient.flatten(0, lead - 1)
        return rows.reshape(rows.shape[0], -1).ne(0).any(1)

    def contribution(self, gradient: Tensor, layout: Layout, accumulator: GradientEdge) -> Contribution:
        """Return what this use adds to the gradients of the samples, from the gradient of the node's output.

        Raises:
            ValueError: If there is no rule for it.
        """
        if self.rule is None:
            raise ValueError(f"{self.node.name()} has no rule for its input {self.slot}; use a backward pass a sample.")
        inner = self.rule(self.node, gradient, layout, self.shape)
        return inner if self.view is None else _through(self.view, inner, layout.samples, accumulator)


def _through(view: GradientEdge, inner: Contribution, n: int, accumulator: GradientEdge) -> Dense:
    """Carry the contributions to a view back to the parameter."""

    def make(chosen: slice) -> Tensor:
        (G,) = torch.autograd.grad(
            [view], [accumulator], [inner.dense(chosen)], retain_graph=True, is_grads_batched=True
        )
        return G

    shape: torch.Size = accumulator.node.variable.shape  # type: ignore[attr-defined]
    return Dense(make, n, shape.numel())


def find_uses(graph: Sequence[Node], accumulators: Sequence[GradientEdge]) -> list[Use]:
    """Return every edge of the graph that leads to a parameter, past operations on the parameter alone.

    Args:
        graph: All nodes.
        accumulators: Where each parameter enters.
    """
    index = {edge.node: i for i, edge in enumerate(accumulators)}
    views: dict[Node, int] = {}
    changed = True
    while changed:
        new = {n: _source(n, index, views) for n in graph if n.name() in _VIEWS and n not in views}
        found = {node: source for node, source in new.items() if source is not None}
        views.update(found)
        changed = bool(found)
    return [
        use
        for node in graph
        if node not in views
        for slot, (following, output) in enumerate(node.next_functions)
        if following is not None and (use := _use(node, slot, following, output, index, views)) is not None
    ]


def _source(node: Node, index: dict[Node, int], views: dict[Node, int]) -> int | None:
    following = node.next_functions[0][0]
    return None if following is None else index.get(following, views.get(following))


def _use(
    node: Node, slot: int, following: Node, output: int, index: dict[Node, int], views: dict[Node, int]
) -> Use | None:
    if following in index:
        shape: torch.Size = following.variable.shape  # type: ignore[attr-defined]
        return Use(index[following], node, slot, False, None, shape)
    if following not in views:
        return None
    source = following.next_functions[0][0]
    if following.name() in _TRANSPOSES and source in index:
        shape = source.variable.shape  # type: ignore[attr-defined]
        if len(shape) == 2 and (node.name(), slot, True) in RULES:
            return Use(views[following], node, slot, True, None, shape)
    entering = torch.Size(following._input_metadata[output].shape)
    return Use(views[following], node, slot, False, GradientEdge(following, output), entering)
