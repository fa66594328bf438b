"""Whether values depend on the parameters through a chain of linear layers and elementwise functions alone.

The autograd graph is read, not the modules: it does not matter how the layers were called, nor what comes after the
last one. Whatever is no chain is differentiated through the graph.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node

from rhobar.linalg.products import Product, nodes, sandwich
from rhobar.probes.curvature.chain import Chain, FlatProduct, Layer

__all__ = ["ELEMENTWISE", "SLOTS", "Slots", "find_chain", "linearised"]

ELEMENTWISE = {
    f"{name}Backward0"
    for name in (
        *("Relu", "LeakyRelu", "Elu", "Celu", "Gelu", "Silu", "Mish", "Softplus", "Tanh", "Sigmoid", "LogSigmoid"),
        *("Hardtanh", "Hardsigmoid", "Hardswish", "Softshrink", "Hardshrink", "Sin", "Cos", "Exp", "Erf", "Pow"),
        *("View", "UnsafeView", "ReshapeAlias", "Clone", "Alias"),  # the order of the elements is kept
    )
}


class Slots(NamedTuple):
    """Where a layer's input, transposed weight and bias enter its operation, and the name of the saved input."""

    input: int
    weight: int
    bias: int | None
    saved: str


SLOTS = {"AddmmBackward0": Slots(1, 2, 0, "_saved_mat1"), "MmBackward0": Slots(0, 1, None, "_saved_self")}


def linearised(values: Sequence[Tensor], edges: Sequence[GradientEdge], middle: Product) -> Product | FlatProduct:
    """Return v ↦ Jᵀ M J v with J = ∂values/∂parameters, along their chain if they are one.

    Args:
        values: Tensors of a kept graph.
        edges: Where the parameters enter it.
        middle: w ↦ M w, in the shapes of the values.
    """
    chain = find_chain(values, edges)
    if chain is None:
        return sandwich(values, edges, middle)
    return chain.product(sandwich(values, [chain.end], middle))


def find_chain(values: Sequence[Tensor], edges: Sequence[GradientEdge]) -> Chain | None:
    """Return the chain through which alone the values depend on the parameters.

    Args:
        values: Tensors of a kept graph.
        edges: Where the parameters enter it.

    Returns:
        The layers; `None` if anything else is on the way, or a parameter is used twice or not at all.

    Example:
        >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
        >>> edges = [torch.autograd.graph.get_gradient_edge(p) for p in model.parameters()]
        >>> len(find_chain([model(torch.ones(4, 2)).exp().mean()], edges).layers)
        2
    """
    index = {edge.node: i for i, edge in enumerate(edges)}
    layer = _last(values, index)
    layers: list[Layer] = []
    while layer is not None:
        layers.insert(0, layer)
        between, _ = _below(layer)
        while between is not None and between.name() in ELEMENTWISE:
            between = between.next_functions[0][0]
        if between is None or not any(node in index for node in nodes([between])):
            return Chain(layers) if _complete(layers, len(index)) else None
        below = _layer(between, index)
        layer = None if below is None else _with_slope(below, layer)
    return None


def _last(values: Sequence[Tensor], index: Mapping[Node, int]) -> Layer | None:
    """Return the one layer by which the values depend on the parameters."""
    pending = [value.grad_fn for value in values if value.grad_fn is not None]
    seen: set[Node] = set()
    ends: dict[Node, Layer] = {}
    while pending:
        node = pending.pop()
        if node in index:
            return None
        if node in seen:
            continue
        seen.add(node)
        layer = _layer(node, index)
        if layer is None:
            pending += [following for following, _ in node.next_functions if following is not None]
        else:
            ends[node] = layer
    return next(iter(ends.values())) if len(ends) == 1 else None


def _layer(node: Node, index: Mapping[Node, int]) -> Layer | None:
    """Return the operation as a layer if it is one, whose weight is a parameter, and its bias one, fixed or absent."""
    slots = SLOTS.get(node.name())
    if slots is None or any(getattr(node, f"_saved_{name}", 1) != 1 for name in ("alpha", "beta")):
        return None
    transposed = node.next_functions[slots.weight][0]
    weight = transposed.next_functions[0][0] if transposed is not None and transposed.name() == "TBackward0" else None
    if weight is None or weight not in index:
        return None
    W = _variable(weight).detach()
    bias = None if slots.bias is None else node.next_functions[slots.bias][0]
    if bias is None:
        return Layer(node, slots.saved, index[weight], None, W)
    if bias not in index or _variable(bias).shape != W.shape[:1]:
        return None
    return Layer(node, slots.saved, index[weight], index[bias], W)


def _variable(accumulator: Node) -> Tensor:
    found: Tensor = accumulator.variable  # type: ignore[attr-defined]
    return found


def _below(layer: Layer) -> tuple[Node | None, int]:
    """Return where its input comes from."""
    return layer.node.next_functions[SLOTS[layer.node.name()].input]


def _with_slope(layer: Layer, after: Layer) -> Layer | None:
    """Add φ' and φ'' of what lies between two layers; `None` if that reshapes."""
    node, number = _below(after)
    shape = (layer.a.shape[0], layer.W.shape[0])
    if node is layer.node:
        return layer
    if node is None or after.a.shape != shape:
        return None
    z, ones = GradientEdge(layer.node, 0), after.a.new_ones(node._input_metadata[number].shape)
    (slope,) = torch.autograd.grad([GradientEdge(node, number)], [z], [ones], create_graph=True)
    bend = None
    if slope.requires_grad:
        (bend,) = torch.autograd.grad([slope], [z], [torch.ones_like(slope)], retain_graph=True, allow_unused=True)
    return replace(layer, slope=slope.detach(), bend=bend if bend is not None and bool(bend.any()) else None)


def _complete(layers: Sequence[Layer], num_parameters: int) -> bool:
    used = [i for layer in layers for i in (layer.weight, layer.bias) if i is not None]
    return sorted(used) == list(range(num_parameters))
