"""Terms of a loss that see no data: penalties on the weights, λ Σ|w| or λ ‖w‖²."""

from rhobar.watch.graph import VIEWS, Graph, Node, op_name
from rhobar.watch.operations import find_map

__all__ = ["is_penalty"]

MOST = 512
"""Operations of one term that are looked at: two or three for each tensor of weights."""
_NORMS = frozenset(
    ["Abs", "Pow", "Sqrt", "Norm", "LinalgVectorNorm", "Sum", "Mean", "Mul", "Div", "Neg", "Cat", "Stack", "Add", "Sub"]
)


def is_penalty(graph: Graph, node: Node) -> bool:
    """Whether everything below `node` is a norm of parameters: no map, no non-linearity, no data.

    Args:
        graph: The graph of the whole loss.
        node: Where the term begins.
    """
    waiting, seen, leaves = [node], {node}, 0
    while waiting:
        node = waiting.pop()
        if node in graph.leaf_nodes:
            leaves += 1
            continue
        if len(seen) > MOST or op_name(node) not in _NORMS | VIEWS or find_map(graph, node) is not None:
            return False
        for child in graph.inputs(node):
            if child is not None and child not in seen:
                seen.add(child)
                waiting.append(child)
    return leaves > 0
