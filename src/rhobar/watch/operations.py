"""Which backward node is which mathematical operation, and where it keeps its input, weight and output."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rhobar.watch.graph import VIEWS, Graph, Node, op_name, out_shape, saved

__all__ = [
    "ACTIVATIONS",
    "LINEAR",
    "MAPS",
    "NORMALISATIONS",
    "SLOPES",
    "Map",
    "activation_output",
    "find_map",
    "value_of",
]


@dataclass(frozen=True)
class MapKind:
    """Where a linear operation keeps its operands: input slots of the graph and names of saved tensors."""

    operation: str
    operands: tuple[tuple[int, str], ...]
    """(slot in next_functions, saved name) of each factor."""


MAPS = {
    "Addmm": MapKind("linear", ((1, "mat1"), (2, "mat2"))),
    "Mm": MapKind("linear", ((0, "self"), (1, "mat2"))),
    "Linear": MapKind("linear", ((0, "input"), (1, "weight"))),
    "MkldnnLinear": MapKind("linear", ((0, "self"), (1, "weight"))),
    "Mv": MapKind("linear", ((0, "self"), (1, "vec"))),
    "Addmv": MapKind("linear", ((1, "mat"), (2, "vec"))),
    "Dot": MapKind("linear", ((0, "self"), (1, "tensor"))),
    "Bmm": MapKind("linear", ((0, "self"), (1, "mat2"))),
    "Baddbmm": MapKind("linear", ((1, "batch1"), (2, "batch2"))),
    "Convolution": MapKind("convolution", ((0, "input"), (1, "weight"))),
    "Embedding": MapKind("embedding", ((0, "weight"),)),
    "EmbeddingBag": MapKind("embedding", ((0, "weight"),)),
    "MkldnnRnnLayer": MapKind("recurrent", ((0, "input"), (1, "weight0"))),
    "CudnnRnn": MapKind("recurrent", ((0, "input"), (1, "weight"))),
}

ACTIVATIONS = {
    "Relu": "relu",
    "Threshold": "relu",
    "ClampMin": "relu",
    "LeakyRelu": "leaky_relu",
    "PreluKernel": "prelu",
    "RreluWithNoise": "rrelu",
    "Elu": "elu",
    "Celu": "celu",
    "Gelu": "gelu",
    "Silu": "silu",
    "Mish": "mish",
    "Softplus": "softplus",
    "Hardtanh": "hardtanh",
    "Hardswish": "hardswish",
    "Hardsigmoid": "hardsigmoid",
    "Sigmoid": "sigmoid",
    "LogSigmoid": "log_sigmoid",
    "Tanh": "tanh",
    "Softmax": "softmax",
    "SafeSoftmax": "softmax",
    "LogSoftmax": "log_softmax",
    "Glu": "glu",
    "Exp": "exp",
    "Log": "log",
    "Log1P": "log1p",
    "Sqrt": "sqrt",
    "Pow": "pow",
    "Sin": "sin",
    "Cos": "cos",
    "Abs": "abs",
    "Erf": "erf",
    "Sign": "sign",
    "Sgn": "sign",
    "Round": "round",
    "Clamp": "clamp",
    "Reciprocal": "reciprocal",
    "Maximum": "maximum",
    "Minimum": "minimum",
    "Where": "where",
    "MaxPool2DWithIndices": "max_pool",
    "MaxPool1D": "max_pool",
    "MaxPool3DWithIndices": "max_pool",
    "AdaptiveMaxPool2D": "max_pool",
    "Max": "max",
    "Amax": "max",
    "ScaledDotProductFlashAttentionForCpu": "attention",
    "ScaledDotProductFlashAttention": "attention",
    "ScaledDotProductEfficientAttention": "attention",
}

SLOPES = {"ThresholdBackward": "relu slope"}
"""Derivatives of activations, where a loss holds derivatives of the network."""

NORMALISATIONS = {
    "NativeBatchNorm": "batch_norm",
    "CudnnBatchNorm": "batch_norm",
    "NativeLayerNorm": "layer_norm",
    "NativeGroupNorm": "group_norm",
    "FusedRmsNorm": "rms_norm",
    "RmsNorm": "rms_norm",
}

LINEAR = VIEWS | frozenset(
    [
        "Mul",
        "Div",
        "Neg",
        "Add",
        "Sub",
        "Mean",
        "Sum",
        "NativeDropout",
        "FusedDropout",
        "ConstantPadNd",
        "ReflectionPad1D",
        "ReflectionPad2D",
        "ReplicationPad2D",
        "AvgPool2D",
        "AvgPool1D",
        "AdaptiveAvgPool2D",
        "AdaptiveAvgPool1D",
        "UpsampleNearest2D",
        "UpsampleBilinear2D",
        "Cat",
        "Stack",
        "Rsub",
    ]
)
"""Operations through which a signal passes linearly (with respect to their one differentiable input)."""


@dataclass(frozen=True)
class Map:
    """A linear operation with a weight of its own, found in a graph."""

    node: Node
    kind: MapKind
    weight: Tensor
    source: Node | None
    """Node of the input signal, ``None`` where it is data."""
    input: Tensor | None
    in_first: bool = False
    """Whether the weight stands as (in, out), as in x @ W, rather than torch's (out, in)."""

    @property
    def reads_data(self) -> bool:
        """Whether the input has no gradient history."""
        return self.source is None and self.kind.operation != "embedding"

    @property
    def fans(self) -> tuple[int, int]:
        """(fan-in, fan-out) of the weight as torch's initialisers count them."""
        shape = tuple(self.weight.shape)
        if len(shape) == 0:
            return 1, 1
        if len(shape) == 1:
            return shape[0], 1
        field = 1
        for n in shape[2:]:
            field *= n
        if len(shape) == 2 and self.in_first:
            return shape
        return shape[1] * field, shape[0] * field


def find_map(graph: Graph, node: Node) -> Map | None:
    """Read `node` as a linear map, if it multiplies a signal by a parameter."""
    kind = MAPS.get(op_name(node))
    if kind is None:
        return None
    inputs = graph.inputs(node)
    operands = [(inputs[slot] if slot < len(inputs) else None, name) for slot, name in kind.operands]
    if kind.operation == "embedding":
        weight = graph.leaf_of(operands[0][0])
        return None if weight is None else Map(node, kind, weight, None, None)
    for (weight_node, _), (source, source_name) in (tuple(reversed(operands)), tuple(operands)):
        weight = graph.leaf_of(weight_node)
        if weight is not None and source is not None and (leaf := graph.leaf_of(source)) is not None:
            if not isinstance(weight, nn.Parameter) or isinstance(leaf, nn.Parameter):
                continue
            source = None  # data that ask for a gradient of their own
        if weight is not None:
            value = saved(node, source_name)
            right = weight_node is operands[-1][0] and kind.operation == "linear"
            in_first = right and not _transposed(graph, weight_node)
            return Map(node, kind, weight, source, value if isinstance(value, Tensor) else None, in_first)
    return None


def _transposed(graph: Graph, node: Node | None) -> bool:
    """Whether an odd number of transpositions stands between `node` and its leaf."""
    count = 0
    while node is not None and node not in graph.leaf_nodes:
        count += op_name(node) in ("T", "Transpose", "Permute")
        node = next((c for c in graph.inputs(node) if c is not None), None)
    return count % 2 == 1


_APPLY: dict[str, Callable[[Tensor], Tensor]] = {
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "celu": F.celu,
    "gelu": F.gelu,
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "hardtanh": F.hardtanh,
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
    "log_sigmoid": F.logsigmoid,
    "sin": torch.sin,
    "cos": torch.cos,
    "abs": torch.abs,
    "log": torch.log,
}


def activation_output(node: Node) -> Tensor | None:
    """φ(z) of an activation node: kept by torch, or applied again to the kept z."""
    result = saved(node, "result")
    if isinstance(result, Tensor):
        return result
    z, name = saved(node, "self"), ACTIVATIONS.get(op_name(node))
    if name == "relu" and isinstance(z, Tensor):
        return z.clamp_min(0)
    if name == "hardtanh" and isinstance(z, Tensor):
        return z.clamp(saved(node, "min_val"), saved(node, "max_val"))
    if isinstance(z, Tensor) and name is not None and name in _APPLY:
        return _APPLY[name](z)
    return None


_INPUT_NAMES = ("self", "input", "mat1", "batch1", "mat2", "target")


def value_of(graph: Graph, node: Node) -> Tensor | None:
    """The output of `node`, if it or one of its consumers kept it."""
    own = saved(node, "result")
    if isinstance(own, Tensor):
        return own
    if op_name(node) in ("MkldnnRnnLayer", "CudnnRnn"):
        own = saved(node, "result0")
        return own if isinstance(own, Tensor) else None
    shape = out_shape(node)
    for consumer in graph.consumers.get(node, ()):
        name = op_name(consumer)
        kept = MAPS[name].operands if name in MAPS else tuple(enumerate(_INPUT_NAMES[:2]))
        for slot, label in kept if name in MAPS else ((0, "self"), (0, "input")):
            inputs = graph.inputs(consumer)
            if slot < len(inputs) and inputs[slot] is node:
                value = saved(consumer, label)
                if isinstance(value, Tensor) and tuple(value.shape) == shape:
                    return value
    return None
