"""One additive term of a loss, and small steps along its graph."""

from dataclasses import dataclass, field

from torch import Tensor

from rhobar.watch.graph import VIEWS, Graph, Node, op_name, out_shape, saved

__all__ = ["LossTerm", "axis_of", "only_input", "pairs_up", "skip_views"]


@dataclass
class LossTerm:
    """One additive term of the loss: its formula, what it predicts, what it compares with."""

    kind: str
    node: Node
    prediction: Node | None = None
    prediction_value: Tensor | None = None
    target: Tensor | None = None
    chain: list[str] = field(default_factory=list)
    link: list[str] = field(default_factory=list)
    link_dim: int | None = None
    link_size: int | None = None
    link_value: Tensor | None = None
    broadcast: tuple[int, ...] | None = None
    reduction: str = "unknown"
    output_node: Node | None = None
    residual: Tensor | None = None
    """prediction − target, where the formula kept it."""
    weight: Tensor | None = None
    """Weights of the classes, or of the positive class."""
    weighted: bool = False
    passed: tuple[str, ...] = ()
    """Operations between the formula's prediction and the node whose value `prediction_value` is."""


def axis_of(node: Node) -> int | None:
    """Axis of a softmax, counted from the front."""
    shape, dim = out_shape(node), saved(node, "dim")
    if not shape or dim is None:
        return None
    dim = int(dim)
    return (dim - 2**64 if dim >= 2**63 else dim) % len(shape)


def pairs_up(shape: tuple[int, ...], wide: tuple[int, ...]) -> bool:
    """Whether the result holds every pair of the batch: (B,) or (B, 1) became (B, B)."""
    batch = max(shape, default=1)
    return batch > 1 and sum(n == batch for n in wide) > sum(n == batch for n in shape)


def skip_views(graph: Graph, node: Node | None, also: tuple[str, ...] = ()) -> Node | None:
    """The first node below that is no view, nor one of the operations named."""
    for _ in range(32):
        if node is None or (op_name(node) not in VIEWS and op_name(node) not in also):
            return node
        node = only_input(graph, node)
    return node


def only_input(graph: Graph, node: Node) -> Node | None:
    """The first input that has a history."""
    inputs = [c for c in graph.inputs(node) if c is not None]
    return inputs[0] if inputs else None
