"""Exchange functions that a model's forward pass calls, whatever style it is written in, without touching the model.

`nn.Softmax`, `F.softmax`, `torch.softmax` and `x.softmax` are one call for a `TorchFunctionMode`. Calls are told apart
by their position among the calls of interest, which is the same in every pass of a static network.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

__all__ = ["ACTIVATIONS", "Call", "Rewriting", "Tracing", "find_output"]

ACTIVATIONS = frozenset(
    {
        *("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "hardswish"),
        *("sigmoid", "logsigmoid", "hardsigmoid", "tanh", "hardtanh", "softsign", "softplus"),
        *("softmax", "log_softmax", "softmin", "tanhshrink", "hardshrink", "softshrink"),
        *("exp", "sign", "heaviside", "sin", "cos", "square"),
    }
)


@dataclass(frozen=True)
class Call:
    """One call of interest in a forward pass."""

    index: int
    name: str
    output: Tensor


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", "").rstrip("_")


class Tracing(TorchFunctionMode):
    """Lists the calls of interest that return a tensor."""

    def __init__(self, names: frozenset[str] = ACTIVATIONS) -> None:
        super().__init__()
        self.names = names
        self.calls: list[Call] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        output = func(*args, **(kwargs or {}))
        if (name := _name(func)) in self.names and isinstance(output, Tensor):
            self.calls.append(Call(len(self.calls), name, output))
        return output


class Rewriting(TorchFunctionMode):
    """Calls something else in place of chosen calls.

    Args:
        replacements: What to call instead, by name of the function: it receives the position among the calls of this
            kind of interest, the function and its arguments.
        names: The functions that are counted.
    """

    def __init__(
        self,
        replacements: Mapping[str, Callable[..., Any]],
        names: frozenset[str] = ACTIVATIONS,
    ) -> None:
        super().__init__()
        self.replacements, self.names = replacements, names
        self.count = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        kwargs = kwargs or {}
        name = _name(func)
        index = self.count
        if name in self.names:
            self.count += 1
        replacement = self.replacements.get(name)
        if replacement is None:
            return func(*args, **kwargs)
        return replacement(index, func, *args, **kwargs)


def find_output(calls: list[Call], prediction: Tensor) -> Call | None:
    """The call whose result is the prediction: the same numbers, perhaps in another shape."""
    flat = prediction.detach().reshape(-1)
    for call in reversed(calls):
        if call.output.numel() == flat.numel() and torch.equal(call.output.detach().reshape(-1), flat):
            return call
    return None
