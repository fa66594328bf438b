"""Skip connections: which operations of a graph the signal can walk around.

In y = x + f(x), or y = [x, f(x)], the signal reaches y without f. How much f stretches it then says nothing about
what is left of it over the depth: a product of gains multiplies only what stands in series.

Reference: He et al. (2016), Identity mappings in deep residual networks; Veit, Wilber & Belongie (2016).
"""

from rhobar.watch.graph import SCALINGS, VIEWS, Graph, Node, op_name
from rhobar.watch.operations import NORMALISATIONS

__all__ = ["bypassed"]

JOINS = frozenset(["Add", "Cat"])
PASSED = VIEWS | (SCALINGS - {"Mean", "Sum"}) | NORMALISATIONS.keys()
"""Operations that a skip may hold: views, constant factors, dropout, normalisations."""
MAX_BRANCH = 2_000
"""Operations of one branch that are looked at."""


def bypassed(graph: Graph) -> set[Node]:
    """Operations on a branch whose start also reaches its end by a skip."""
    order = {node: i for i, node in enumerate(graph.nodes)}
    found: set[Node] = set()
    for join in graph.nodes:
        if op_name(join) not in JOINS:
            continue
        ends = graph.signal_inputs(join)
        if len(ends) < 2:
            continue
        for skip in ends:
            starts = _skip(graph, skip)
            for end in ends:
                if end is not skip:
                    found |= _branch(graph, end, starts, order)
    return found


def _skip(graph: Graph, end: Node) -> dict[Node, None]:
    """Nodes from which a path of harmless operations leads to `end`, the end itself included, nearest first."""
    path: dict[Node, None] = {end: None}
    node = end
    while op_name(node) in PASSED:
        inputs = graph.signal_inputs(node)
        if len(inputs) != 1:
            break
        node = inputs[0]
        path[node] = None
    return path


def _branch(graph: Graph, end: Node, starts: dict[Node, None], order: dict[Node, int]) -> set[Node]:
    """Operations on paths from one of `starts` to `end`; none if there is no such path."""
    earliest = min(order.get(start, -1) for start in starts)
    seen, stack, met = {end}, [end], False
    while stack:
        node = stack.pop()
        if node in starts:
            met = True
            continue
        for child in graph.signal_inputs(node):
            if child not in seen and order.get(child, -1) >= earliest:
                seen.add(child)
                stack.append(child)
        if len(seen) > MAX_BRANCH:
            return set()
    return seen - starts.keys() if met else set()
