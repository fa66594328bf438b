"""One forward pass on a kept graph, with the tensor that entered each module.

Parameters are taken out of the graph, so that paths in it are paths of the signal. Where the model reads
integers, the paths start at its embeddings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node, get_gradient_edge

from rhobar.probes.dependence import Edge

__all__ = ["Call", "Inputs", "Signal", "Trace", "is_linear_map", "trace_forward"]

Inputs = Tensor | Sequence[object] | Mapping[str, object]

_LINEAR = (
    nn.Linear,
    nn.Bilinear,
    nn.modules.conv._ConvNd,
    nn.RNNBase,
    nn.RNNCellBase,
    nn.MultiheadAttention,
)
_NOT_LINEAR = (
    nn.Embedding,
    nn.EmbeddingBag,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
    nn.modules.batchnorm._NormBase,
    nn.PReLU,
)


@dataclass(frozen=True)
class Signal:
    """A tensor of the forward pass: its place in the graph, and what it was."""

    edge: Edge
    shape: torch.Size
    dtype: torch.dtype
    device: torch.device
    rms: float


@dataclass(frozen=True)
class Call:
    """A module that was called, in forward order.

    Attributes:
        name: The module's path, with `#2` for its second call, and so on.
        linear: Whether it is a parametrised linear map.
        leaf: Whether it has no children.
        signal: The one float tensor that entered it, `None` if there is no such.
        reason: Why there is no signal.
        made: The edges of what it returned.
    """

    name: str
    linear: bool
    leaf: bool
    signal: Signal | None
    reason: str = ""
    made: tuple[Edge, ...] = ()


@dataclass
class Trace:
    """What a forward pass showed."""

    calls: list[Call] = field(default_factory=list)
    sources: list[Node] = field(default_factory=list)
    output: Signal | None = None


def is_linear_map(module: nn.Module) -> bool:
    """Whether a module multiplies by a matrix of its own: a known one, or a leaf with a matrix."""
    if isinstance(module, _LINEAR):
        return True
    weights = any(p.ndim >= 2 for p in module.parameters(recurse=False))
    return weights and not isinstance(module, _NOT_LINEAR) and not any(True for _ in module.children())


def trace_forward(model: nn.Module, inputs: Inputs) -> Trace:
    """Run the model once with gradients enabled and its parameters frozen.

    Args:
        model: The model; its `requires_grad` flags are changed, hooks are removed again.
        inputs: One tensor, a sequence of positional or a mapping of keyword arguments.

    Returns:
        The calls, with the graph kept alive by their edges.
    """
    model.requires_grad_(False)
    trace = Trace()
    args, kwargs = _arguments(inputs, trace)
    hooks = []
    try:
        counts: dict[str, int] = {}
        for name, module in _outer_modules(model):
            hook = _Recorder(name or type(model).__name__, module, trace, counts)
            hooks.append(module.register_forward_pre_hook(hook.enter, with_kwargs=True))
            hooks.append(module.register_forward_hook(hook.leave))
            if isinstance(module, nn.Embedding | nn.EmbeddingBag):
                hooks.append(module.register_forward_hook(_Source(trace)))
        output = model(*args, **kwargs)
    finally:
        for handle in hooks:
            handle.remove()
    for tensor in _tensors(output):
        if tensor.is_floating_point() and tensor.requires_grad:
            trace.output = _signal(tensor)
            break
    return trace


def _outer_modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """All modules, except those inside a linear map, which uses their weights without calling them."""
    inside: set[int] = set()
    for name, module in model.named_modules():
        if id(module) not in inside:
            yield name, module
            if isinstance(module, _LINEAR):
                inside |= {id(m) for m in module.modules()} - {id(module)}


class _Recorder:
    """Forward hooks of one module."""

    def __init__(self, name: str, module: nn.Module, trace: Trace, counts: dict[str, int]) -> None:
        self.name, self.trace, self.counts = name, trace, counts
        self.entered: list[int] = []
        self.linear = is_linear_map(module)
        self.leaf = self.linear or not any(True for _ in module.children())
        self.watched = any(is_linear_map(m) for m in module.modules())

    def enter(self, module: nn.Module, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        """Note what enters."""
        self.entered.append(len(self.trace.calls))
        count = self.counts[self.name] = self.counts.get(self.name, 0) + 1
        name = self.name if count == 1 else f"{self.name}#{count}"
        given = [t for t in (*args, *kwargs.values()) if isinstance(t, Tensor) and t.is_floating_point()]
        found = {id(t): t for t in given}
        signal, reason = None, ""
        if not self.watched:
            reason = "it holds no linear map"
        elif len(found) != 1:
            reason = f"it takes {len(found)} float tensors, not one"
        else:
            (tensor,) = found.values()
            if tensor.requires_grad:
                signal = _signal(tensor)
            else:
                reason = "no derivative leads from the model's input to its input"
        self.trace.calls.append(Call(name, self.linear, self.leaf, signal, reason))

    def leave(self, module: nn.Module, args: tuple[object, ...], output: object) -> None:
        """Note what it was made into."""
        index = self.entered.pop()
        edges = [get_gradient_edge(tensor) for tensor in _tensors(output) if tensor.requires_grad]
        made = tuple((edge.node, edge.output_nr) for edge in edges)
        self.trace.calls[index] = replace(self.trace.calls[index], made=made)


class _Source:
    """Forward hook of an embedding: its output starts the graph."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def __call__(self, module: nn.Module, args: tuple[object, ...], output: Tensor) -> Tensor | None:
        if any(call.linear for call in self.trace.calls):
            return None  # a table inside the network, such as relative positions
        return _source(output, self.trace)


def _source(tensor: Tensor, trace: Trace) -> Tensor:
    """Return a tensor of the same values from which derivatives start; it may change in place."""
    leaf = tensor.detach().clone().requires_grad_()
    trace.sources.append(get_gradient_edge(leaf).node)
    return leaf.clone()


def _arguments(inputs: Inputs, trace: Trace) -> tuple[list[object], dict[str, object]]:
    def prepared(value: object) -> object:
        if isinstance(value, Tensor):
            return _source(value, trace) if value.is_floating_point() else value.clone()
        return value

    if isinstance(inputs, Tensor):
        return [prepared(inputs)], {}
    if isinstance(inputs, Mapping):
        return [], {name: prepared(value) for name, value in inputs.items()}
    return [prepared(value) for value in inputs], {}


def _signal(tensor: Tensor) -> Signal:
    edge = get_gradient_edge(tensor)
    wide = tensor.detach().double() if tensor.device.type != "mps" else tensor.detach().float()
    rms = (torch.linalg.vector_norm(wide) / max(tensor.numel(), 1) ** 0.5).item()
    return Signal((edge.node, edge.output_nr), tensor.shape, tensor.dtype, tensor.device, rms)


def _tensors(output: object) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, Mapping):
        for value in output.values():
            yield from _tensors(value)
    elif isinstance(output, list | tuple):
        for value in output:
            yield from _tensors(value)
