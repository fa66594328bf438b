"""An upper bound of a network's Lipschitz constant from its symbolic graph."""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from rhobar.probes.jacobian.layer_norms import layer_bound, steepest

__all__ = ["LayerBound", "upper_bound"]

_SUMS = (operator.add, operator.iadd, operator.sub, torch.add, torch.sub)
_CONCATENATIONS = (torch.cat, torch.concat, torch.stack)
_ONE = (
    *(torch.flatten, torch.reshape, torch.permute, torch.transpose, torch.squeeze, torch.unsqueeze, torch.mean),
    *(operator.getitem, operator.neg, torch.neg, torch.abs, torch.clone),
)
_ONE_METHODS = (
    *("flatten", "reshape", "view", "permute", "transpose", "squeeze", "unsqueeze", "contiguous", "mean", "abs"),
    *("clone", "unflatten", "movedim", "swapaxes", "float", "double", "neg", "size"),
)
_POINTWISE: tuple[Callable[..., Tensor], ...] = (
    *(F.relu, torch.relu, torch.tanh, torch.sigmoid, F.tanh, F.sigmoid, F.gelu, F.silu, F.softplus, F.leaky_relu),
    *(F.elu, F.selu, F.hardtanh, F.relu6, F.mish, F.softsign, F.logsigmoid, torch.sin, torch.cos, torch.erf),
)


@dataclass(frozen=True)
class LayerBound:
    """The Lipschitz bound of one step.

    Attributes:
        name: The module's path, or the function's name.
        kind: The module's class, or "function".
        value: The bound of the step alone.
    """

    name: str
    kind: str
    value: float


def upper_bound(model: nn.Module, inputs: Tensor) -> tuple[float, tuple[LayerBound, ...], dict[str, str]]:
    """Return the bound, its factors and what has none.

    Args:
        model: Any module of one tensor; run once, for the sizes of what enters its convolutions.
        inputs: An input of the usual size.
    """
    shapes = _shapes(model, inputs)
    try:
        graph = fx.symbolic_trace(model)
    except Exception as error:  # whatever a model does with a symbol
        said = str(error).strip().partition("\n")[0]
        return math.inf, (), {type(model).__name__: f"its graph depends on its values: {said}"}
    walk = _Walk(model, shapes)
    for node in graph.graph.nodes:
        walk.visit(node)
    return walk.output, tuple(walk.layers), walk.refused


class _Walk:
    """Visits the nodes of a graph in order; `bounds` holds each one's Lipschitz bound from the input."""

    def __init__(self, model: nn.Module, shapes: dict[str, torch.Size]) -> None:
        self.model, self.shapes = model, shapes
        self.bounds: dict[fx.Node, float] = {}
        self.layers: list[LayerBound] = []
        self.refused: dict[str, str] = {}
        self.output = math.inf
        self.first = True

    def visit(self, node: fx.Node) -> None:
        """Bound one node."""
        if node.op == "placeholder":
            self.bounds[node], self.first = (1.0 if self.first else 0.0), False
        elif node.op == "get_attr":
            self.bounds[node] = 0.0
        elif node.op == "output":
            self.output = self._joint(node.args[0])
        else:
            self.bounds[node] = self._step(node)

    def _step(self, node: fx.Node) -> float:
        arriving: list[float] = []  # one entry for each time a tensor enters: x + x has two
        fx.node.map_arg((node.args, node.kwargs), lambda n: arriving.append(self.bounds[n]))
        if not any(arriving):
            return 0.0
        if node.op == "call_module":
            return self._module(str(node.target), arriving)
        name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
        target = node.target
        if target in _SUMS:
            alpha = node.kwargs.get("alpha", 1)
            return sum(arriving) * (max(1.0, abs(alpha)) if isinstance(alpha, int | float) else math.inf)
        if target in _CONCATENATIONS:
            return math.hypot(*arriving)
        if target in (operator.mul, torch.mul, operator.truediv, operator.imul):
            return self._scaled(node, str(name), arriving)
        if target in _ONE or (node.op == "call_method" and name in _ONE_METHODS):
            return max(arriving)
        if target in _POINTWISE and isinstance(target, Callable):  # type: ignore[arg-type]
            others = {k: v for k, v in node.kwargs.items() if k not in ("input", "inplace")}
            return self._entered(str(name), "function", steepest(partial(target, **others))) * arriving[0]
        if node.op == "call_method" and name in ("relu", "tanh", "sigmoid"):
            return self._entered(str(name), "function", steepest(getattr(torch, str(name)))) * arriving[0]
        return self._refuse(str(name), "no bound is known for this function")

    def _module(self, name: str, arriving: list[float]) -> float:
        module = self.model.get_submodule(name)
        try:
            value = layer_bound(module, self.shapes.get(name))
        except ValueError as error:
            return self._refuse(name, str(error))
        return self._entered(name, type(module).__name__, value) * arriving[0]

    def _scaled(self, node: fx.Node, name: str, arriving: list[float]) -> float:
        numbers = [arg for arg in node.args if isinstance(arg, int | float)]
        if len(numbers) != 1 or (node.target is operator.truediv and not isinstance(node.args[1], int | float)):
            return self._refuse(name, "a product of two tensors has no bound")
        factor = abs(1 / numbers[0]) if node.target is operator.truediv else abs(float(numbers[0]))
        return self._entered(name, "function", factor) * arriving[0]

    def _entered(self, name: str, kind: str, value: float) -> float:
        self.layers.append(LayerBound(name, kind, value))
        return value

    def _refuse(self, name: str, reason: str) -> float:
        self.refused[name] = reason
        return math.inf

    def _joint(self, outputs: Any) -> float:  # noqa: ANN401
        found: list[float] = []
        fx.node.map_arg(outputs, lambda node: found.append(self.bounds[node]))
        return math.hypot(*found)


def _shapes(model: nn.Module, inputs: Tensor) -> dict[str, torch.Size]:
    """Return the shape of what enters each module."""
    shapes: dict[str, torch.Size] = {}

    def note(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: tuple[Any, ...]) -> None:
            if args and isinstance(args[0], Tensor):
                shapes[name] = args[0].shape

        return hook

    handles = [module.register_forward_pre_hook(note(name)) for name, module in model.named_modules()]
    try:
        with torch.no_grad():
            model(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return shapes
