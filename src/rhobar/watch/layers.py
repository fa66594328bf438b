"""From a graph to its layers: each linear map, what its output meets next, and the signal on both sides."""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from rhobar.record import CollapsedPair, LayerReading, Moments, StructureFacts
from rhobar.watch.graph import VIEWS, Graph, Node, op_name, saved
from rhobar.watch.moments import Sheet, spread
from rhobar.watch.operations import (
    ACTIVATIONS,
    LINEAR,
    NORMALISATIONS,
    SLOPES,
    Map,
    activation_output,
    find_map,
    value_of,
)
from rhobar.watch.redundant import redundant_biases
from rhobar.watch.skips import bypassed

__all__ = ["Draft", "Layer", "find_layers", "read_layer", "structure"]

SATURATED = 0.05
"""A unit counts as saturated where |φ′| is below 5 % of its maximum: tanh beyond |z| = 2.2, sigmoid beyond 4.4."""

_RELU_FAMILY = ("relu",)
JOINS = ("Cat", "Stack")


@dataclass
class Layer:
    """A linear map with the path of its output to the next one."""

    map: Map
    activation: str | None = None
    activation_node: Node | None = None
    normalised: bool = False
    residual: bool = False
    follower: "Map | None" = None
    """The map that the output reaches through linear operations only, as its one consumer."""


def find_layers(graph: Graph) -> list[Layer]:
    """All linear maps in the order of the forward pass, each with what follows it."""
    maps = {node: found for node in graph.nodes if (found := find_map(graph, node)) is not None}
    around = bypassed(graph)
    layers = [_follow(graph, found, maps) for found in maps.values()]
    for layer in layers:
        layer.residual = layer.residual or layer.map.node in around
    return layers


def _follow(graph: Graph, start: Map, maps: dict[Node, Map]) -> Layer:
    """Walk from a map's output to the first non-linear operation or the next map."""
    layer = Layer(start)
    node, alone = start.node, True
    for _ in range(64):
        users = graph.consumers.get(node, [])
        if len(users) != 1:
            alone = False
            users = _main_users(users, maps)
        if len(users) != 1:
            break
        node = users[0]
        name = op_name(node)
        if node in maps:
            layer.follower = maps[node] if alone else None
            break
        if name in NORMALISATIONS:
            layer.normalised = True
            alone = alone and NORMALISATIONS[name] == "batch_norm"
        elif name in ACTIVATIONS:
            layer.activation, layer.activation_node = ACTIVATIONS[name], node
            break
        elif name == "Mul" and len(graph.signal_inputs(node)) > 1:
            layer.activation = "product"
            break
        elif name == "Add" and len(graph.signal_inputs(node)) > 1:
            layer.residual, alone = True, False
        elif name not in LINEAR:
            break
        elif name in JOINS and len(graph.signal_inputs(node)) > 1:
            # The next map reads other signals, too (a U-Net's skip beside what was scaled up): the two are not one.
            alone = False
    return layer


def _main_users(users: list[Node], maps: dict[Node, Map]) -> list[Node]:
    """Of several consumers, the one that is no residual addition, view bookkeeping or further map."""
    acting = [u for u in users if op_name(u) in ACTIVATIONS or op_name(u) in NORMALISATIONS]
    return acting[:1] if acting else [u for u in users if u not in maps and op_name(u) not in VIEWS][:1]


@dataclass
class Draft:
    """A layer's reading, its moments still rows of a sheet."""

    facts: LayerReading
    rows: dict[str, int]

    def reading(self, moments: list[Moments]) -> LayerReading:
        """Fill in the moments."""
        fields: dict[str, Any] = {field: moments[row] for field, row in self.rows.items()}
        return dataclasses.replace(self.facts, **fields)


def read_layer(graph: Graph, layer: Layer, name: str, sheet: Sheet) -> Draft:
    """Read the signal through one layer: samples go to the sheet."""
    found = layer.map
    z, out = value_of(graph, found.node), None
    if layer.activation_node is not None and layer.activation not in ("max_pool", "where", "pow", "product"):
        out = activation_output(layer.activation_node)
    fan_in, fan_out = found.fans
    after = z if out is None else out
    signals = {"input": found.input, "preactivation": z, "output": after, "weight": found.weight}
    facts = LayerReading(
        name=name,
        operation=found.kind.operation,
        activation=layer.activation,
        fan_in=fan_in,
        fan_out=fan_out,
        dead=_dead(out) if out is not None and layer.activation in _RELU_FAMILY else None,
        saturated=_saturated(out, layer.activation) if out is not None else None,
        reads_data=found.reads_data,
        normalised=layer.normalised,
        residual=layer.residual,
    )
    return Draft(facts, {field: sheet.add(x, again=True) for field, x in signals.items() if x is not None})


def _dead(out: Tensor) -> float:
    """Share of units that are zero for every sample and place; units are channels, or the last axis."""
    if out.ndim < 2 or out.shape[0] == 0:
        return 0.0
    axis = 1 if out.ndim >= 4 else out.ndim - 1
    # As many samples as hold 512 rows: reshaping all of them would copy the whole tensor.
    each = max(1, out.numel() // max(1, out.shape[0] * out.shape[axis]))
    flat = out.detach()[: -(-512 // each)].movedim(axis, -1).reshape(-1, out.shape[axis])[:512]
    return 1 - (flat.amax(0) > 0).float().mean().item()


_FLATNESS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": lambda a: 4 * a * (1 - a),
    "tanh": lambda a: 1 - a * a,
    "hardtanh": lambda a: ((a > a.amin()) & (a < a.amax())).float(),
    "hardsigmoid": lambda a: ((a > 0) & (a < 1)).float(),
}


def _saturated(out: Tensor, activation: str | None) -> float | None:
    """Share of activations where |φ′| is below SATURATED of its maximum."""
    if activation not in _FLATNESS:
        return None
    flat = spread(out).float()
    slope = _FLATNESS[activation](flat)
    # A NaN or an infinity shows in the sum, which one fast kernel takes.
    return (slope < SATURATED).float().mean().item() if math.isfinite(slope.sum().item()) else 1.0


def structure(
    graph: Graph,
    layers: list[Layer],
    name_of: Callable[[Tensor], str],
    recurrent: set[int],
    parameter_name: Callable[[Tensor], str],
) -> StructureFacts:
    """What stands between the data and the loss; `recurrent` holds weights of recurrent and attention modules."""
    own = [layer for layer in layers if layer.map.kind.operation != "embedding"]
    order = {layer.map.node: i for i, layer in enumerate(own)}
    first = own[0].map.node if own else None
    last = own[-1].map.node if own else None
    between: list[str] = []
    inside = False
    for node in graph.nodes:
        inside = inside or node is first
        if node is last:
            break
        name = ACTIVATIONS.get(op_name(node)) or (
            "layer_norm" if NORMALISATIONS.get(op_name(node), "batch_norm") != "batch_norm" else None
        )
        name = SLOPES.get(op_name(node), name)
        if op_name(node) == "Mul" and len(graph.signal_inputs(node)) > 1:
            name = "product"
        if op_name(node) in ("MkldnnRnnLayer", "CudnnRnn"):
            name = "recurrent"
        if op_name(node) == "Bmm" and node not in order:
            name = "attention"
        if inside and name and name not in between:
            between.append(name)
    pairs = []
    for layer in own:
        if layer.follower is None or layer.activation is not None:
            continue
        if not (_mergeable(layer.map) and _mergeable(layer.follower)):
            continue
        if id(layer.follower.weight) in recurrent or id(layer.map.weight) in recurrent:
            continue
        width, rank = _width(layer.map), min(_widths(layer.map)[0], _widths(layer.follower)[1])
        pairs.append(CollapsedPair(name_of(layer.map.weight), name_of(layer.follower.weight), width, rank))
    return StructureFacts(
        num_maps=len(own),
        nonlinearities=tuple(between),
        collapsed=tuple(pairs),
        normalisations=sum(op_name(node) in NORMALISATIONS for node in graph.nodes),
        redundant_biases=redundant_biases(graph, parameter_name),
    )


def _mergeable(found: Map) -> bool:
    """A dense linear map or an ungrouped convolution: two of them in a row are one of the same kind.

    A transposed convolution scales up, and the convolution behind it smooths: no single one does both.
    """
    if found.kind.operation != "convolution":
        return found.kind.operation == "linear"
    return saved(found.node, "groups") in (None, 1) and not saved(found.node, "transposed")


def _widths(found: Map) -> tuple[int, int]:
    """Features in and out; channels for a convolution."""
    if found.kind.operation == "convolution" and found.weight.ndim >= 2:
        return int(found.weight.shape[1]), int(found.weight.shape[0])
    return found.fans


def _width(found: Map) -> int:
    return int(_widths(found)[1])
