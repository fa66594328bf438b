"""A computational graph as plain data: operations and variables, and the size of each derivative between them.

Textbook: A48.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rhobar.nn.backprop.local_derivative import LocalDerivative
from rhobar.nn.backprop.mermaid import mermaid

__all__ = ["ComputationalGraph", "GraphEdge", "GraphNode"]

# One to one on entries; not Expand, Slice or Index.
_VIEWS = {"Alias", "Clone", "Movedim", "Permute", "Reshape", "ReshapeAlias", "Squeeze", "T", "Transpose"}
_VIEWS |= {"UnsafeView", "Unsqueeze", "View"}


@dataclass(frozen=True)
class GraphNode:
    """A variable or an operation.

    Attributes:
        index: Its place in `ComputationalGraph.nodes`; inputs come before what is made from them.
        kind: ``parameter``, ``input``, ``operation`` or ``loss``.
        operation: Torch's name of the operation, such as ``Addmm``; empty for variables.
        shape: Of the (first) output.
        name: Of the variable, as it was given; empty if none was.
        depth: Length of the longest path to it from a variable.
    """

    index: int
    kind: str
    operation: str
    shape: tuple[int, ...]
    name: str
    depth: int

    @property
    def label(self) -> str:
        """What a drawing calls it: its name, or else its operation or kind."""
        return self.name or self.operation or self.kind


@dataclass(frozen=True)
class GraphEdge:
    """The use of one node by another.

    Attributes:
        source: Index of the node that is used.
        target: Index of the node that uses it.
        derivative: Size of ∂target/∂source along this edge alone.
    """

    source: int
    target: int
    derivative: LocalDerivative


@dataclass(frozen=True)
class ComputationalGraph:
    """What a loss was computed from, as a directed acyclic graph.

    It is not a diagram of the architecture: weights are nodes, and a module may be many operations.

    Textbook: A48.

    Attributes:
        nodes: In an order in which they can be computed; the loss is the last.
        edges: Ordered by target. A node that uses another twice has two edges from it.
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]

    def without_views(self) -> "ComputationalGraph":
        """Leave out operations that only move entries around (reshapes, transpositions), and bridge the gaps.

        A view is an orthogonal map, ‖J P‖_F = ‖J‖_F, so each bridging edge keeps the size of the derivative that
        follows the view. A view that has a name or is the loss stays.
        """
        used = {edge.source for edge in self.edges}
        feeding: dict[int, list[int]] = {}
        for edge in self.edges:
            feeding.setdefault(edge.target, []).append(edge.source)
        bypass: dict[int, int] = {}
        for node in self.nodes:
            sources = feeding.get(node.index, [])
            if node.operation in _VIEWS and len(sources) == 1 and node.index in used and not node.name:
                bypass[node.index] = bypass.get(sources[0], sources[0])
        kept = [node for node in self.nodes if node.index not in bypass]
        bridged = [
            replace(edge, source=bypass.get(edge.source, edge.source))
            for edge in self.edges
            if edge.target not in bypass
        ]
        return renumbered(kept, bridged)

    def to_mermaid(self) -> str:
        """Write the graph as a Mermaid flowchart; names of any kind are harmless in it."""
        return mermaid(self)


def renumbered(nodes: Iterable[GraphNode], edges: Iterable[GraphEdge]) -> ComputationalGraph:
    """Give nodes their places as indices, and their depths by the longest path."""
    nodes = list(nodes)
    places = {node.index: place for place, node in enumerate(nodes)}
    moved = sorted(
        (replace(edge, source=places[edge.source], target=places[edge.target]) for edge in edges),
        key=lambda edge: edge.target,
    )
    depths = [0] * len(nodes)
    for edge in moved:
        depths[edge.target] = max(depths[edge.target], depths[edge.source] + 1)
    return ComputationalGraph(
        tuple(replace(node, index=i, depth=depths[i]) for i, node in enumerate(nodes)), tuple(moved)
    )
