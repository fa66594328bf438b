"""Biases that a normalisation behind them subtracts again.

    BN(z + b) = BN(z)        if b is one number per channel and BN takes the channel's own mean off

so the path from the bias to the normalisation may hold views and further shifts alone, and nothing else may use the
shifted signal on the way. Layer normalisation takes one mean over the features off: of a bias per feature it removes
the mean only, which is not looked for.

Reference: Ioffe & Szegedy (2015), Batch normalization, section 3.2.
"""

import math
from collections.abc import Callable

from torch import Tensor, nn

from rhobar.record import RedundantBias
from rhobar.watch.graph import VIEWS, Graph, Node, op_name, out_shape, saved
from rhobar.watch.operations import MAPS, find_map

__all__ = ["redundant_biases"]

_BIAS_SLOT = {"Addmm": 0, "Linear": 2, "MkldnnLinear": 2, "Convolution": 2}
_LONGEST = 8
"""Operations between a map and its normalisation that are followed."""


def redundant_biases(graph: Graph, name_of: Callable[[Tensor], str]) -> tuple[RedundantBias, ...]:
    """Biases of the graph that a normalisation by the batch's, or the channel's, own mean removes.

    Args:
        graph: The graph of a loss.
        name_of: The name of a parameter.
    """
    found: dict[str, RedundantBias] = {}
    for node in graph.nodes:
        if not (channels := _channels(node)):
            continue
        signals = graph.signal_inputs(node)
        if len(signals) != 1 or (pair := _behind(graph, signals[0], channels)) is None:
            continue
        bias, weight = pair
        found.setdefault(name_of(bias), RedundantBias(name_of(bias), name_of(weight), bias.numel()))
    return tuple(found.values())


def _channels(node: Node) -> tuple[int, ...]:
    """Numbers of values that a bias must have for this normalisation to remove it; none if it removes none."""
    name, shape = op_name(node), out_shape(node)
    if name in ("NativeBatchNorm", "CudnnBatchNorm") and saved(node, "training") is not False and len(shape) >= 2:
        # Instance norm is batch norm of one row whose channels are those of all samples in turn.
        return (shape[1],) if shape[0] > 1 else (shape[1], *_parts(shape[1]))
    if name == "NativeGroupNorm" and saved(node, "group") == saved(node, "C"):
        return (int(saved(node, "C")),)
    return ()


def _parts(count: int) -> tuple[int, ...]:
    return tuple(n for n in range(1, count) if count % n == 0)


def _behind(graph: Graph, node: Node, channels: tuple[int, ...]) -> tuple[Tensor, Tensor] | None:
    """The bias that the normalisation receives from `node` on, and the weight of its map."""
    bias: Tensor | None = None
    for _ in range(_LONGEST):
        if len(graph.consumers.get(node, ())) != 1:
            return None
        name = op_name(node)
        if name in MAPS:
            linear = find_map(graph, node)
            slot, inputs = _BIAS_SLOT.get(name, math.inf), graph.inputs(node)
            if bias is None and slot < len(inputs):
                bias = _bias(graph, inputs[int(slot)], channels)
            return None if linear is None or bias is None else (bias, linear.weight)
        signals = graph.signal_inputs(node)
        if len(signals) != 1 or not (name in VIEWS or name == "Add"):
            return None
        if name == "Add" and bias is None:
            other = next((c for c in graph.inputs(node) if c is not None and c is not signals[0]), None)
            bias = _bias(graph, other, channels)
        node = signals[0]
    return None


def _bias(graph: Graph, node: Node | None, channels: tuple[int, ...]) -> Tensor | None:
    """The parameter that `node` is a view of, if it has one value per channel."""
    leaf = graph.leaf_of(node)
    return leaf if isinstance(leaf, nn.Parameter) and leaf.numel() in channels else None
