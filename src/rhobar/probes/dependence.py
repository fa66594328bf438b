"""Which tensor of a kept autograd graph depends on which, and through which single tensor everything flows.

A tensor is named by its edge: the node that made it, and which of the node's outputs it is. Unlike the tensor
itself, the edge still means the same after the tensor was changed in place.

A tensor is a *cut* if every path from the sources to the output goes through it. In a topological order from
the output, an edge is a cut exactly if, when its node is reached, no other edge is open.
"""

from collections.abc import Iterable

from torch.autograd.graph import Node

__all__ = ["Dependence", "Edge"]

Edge = tuple[Node, int]


class Dependence:
    """The part of an autograd graph that lies between some sources and an output.

    Args:
        output: The edge of the output.
        sources: Nodes at which paths end.
    """

    def __init__(self, output: Edge, sources: Iterable[Node]) -> None:
        self.output = output
        self._next = _between(output[0], set(sources))
        self._position = {node: i for i, node in enumerate(self._next)}

    def __contains__(self, edge: Edge) -> bool:
        return edge[0] in self._position

    def depends(self, end: Edge, start: Edge) -> bool:
        """Whether the tensor `end` depends on the tensor `start`."""
        last = self._position[start[0]]
        pending, seen = [end], {end}
        while pending:
            edge = pending.pop()
            if edge == start:
                return True
            if self._position[edge[0]] < last:
                following = [e for e in self._next[edge[0]] if e not in seen]
                seen.update(following)
                pending += following
        return False

    def cuts(self) -> set[Edge]:
        """Return the edges that all paths from the sources to the output share."""
        found: set[Edge] = set()
        open_edges: set[Edge] = {self.output}
        for node, following in self._next.items():
            mine = {edge for edge in open_edges if edge[0] is node}
            if len(open_edges) == 1:
                found |= mine
            open_edges = (open_edges - mine) | set(following)
        return found


def _between(output: Node, sources: set[Node]) -> dict[Node, list[Edge]]:
    """Return the edges towards the sources of each node on a path, in topological order from the output."""
    kept: dict[Node, list[Edge]] = {}
    done: set[Node] = set()
    pending: list[tuple[Node, bool]] = [(output, False)]
    while pending:
        node, leaving = pending.pop()
        following = [(n, i) for n, i in node.next_functions if n is not None]
        if leaving:
            edges = [edge for edge in following if edge[0] in kept]
            if edges or node in sources:
                kept[node] = edges
        elif node not in done:
            done.add(node)
            pending.append((node, True))
            pending += [(n, False) for n, _ in following]
    return dict(reversed(kept.items()))
