"""Data that enter a network beside embeddings: the continuous columns of a table, concatenated with its categories.

The first linear map of such a network reads more than data, so its input is cut to the columns that no operation made.
"""

from torch import Tensor

from rhobar.watch.graph import VIEWS, Graph, Node, op_name, out_shape, saved
from rhobar.watch.operations import MAPS, Map

__all__ = ["data_beside"]

_JOINS = ("Cat", "Stack")
_THROUGH = VIEWS | {"NativeDropout", "FusedDropout", "Mean", "Sum", *_JOINS}
_DEPTH = 16


def data_beside(graph: Graph, found: Map) -> Tensor | None:
    """The columns of a map's input that are data, where embeddings alone stand beside them; ``None`` if there are none.

    Args:
        graph: The graph of the loss.
        found: A linear map in it.
    """
    node, x = found.source, found.input
    while node is not None and op_name(node) in VIEWS and len(graph.inputs(node)) == 1:
        node = graph.inputs(node)[0]
    if node is None or x is None or op_name(node) != "Cat" or found.kind.operation != "linear":
        return None
    parts = graph.inputs(node)
    if _along(node) not in (-1, len(out_shape(node)) - 1) or x.shape[-1:] != out_shape(node)[-1:]:
        return None
    places = [i for i, part in enumerate(parts) if part is None]
    if not places or places != list(range(places[0], places[-1] + 1)):
        return None
    if not all(_embedded(graph, part) for part in parts if part is not None):
        return None
    widths = [out_shape(part)[-1] if part is not None else 0 for part in parts]
    start, width = sum(widths[: places[0]]), x.shape[-1] - sum(widths)
    return x[..., start : start + width] if width > 0 else None


def _along(node: Node) -> int:
    """The axis of a concatenation; torch keeps a negative one as an unsigned number."""
    axis = int(saved(node, "dim") or 0)
    return axis - 2**64 if axis >= 2**63 else axis


def _embedded(graph: Graph, node: Node, depth: int = _DEPTH) -> bool:
    """Whether an embedding, and nothing else, made this signal."""
    kind = MAPS.get(op_name(node))
    if kind is not None:
        return kind.operation == "embedding"
    inputs = graph.inputs(node)
    if depth == 0 or op_name(node) not in _THROUGH or not out_shape(node) or None in inputs:
        return False
    return bool(inputs) and all(_embedded(graph, part, depth - 1) for part in inputs)
