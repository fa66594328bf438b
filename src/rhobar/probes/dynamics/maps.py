"""A recurrent net at a fixed input as a map h → f(h) of its state alone."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["Map", "StateMap", "derivative", "recurrent_map"]

Map = Callable[[Float[Tensor, "points dim"]], Float[Tensor, "points dim"]]


@dataclass(frozen=True)
class StateMap:
    """A map of states, many at once; each row is mapped on its own.

    Attributes:
        function: h → f(h).
        dim: Size of the state.
        dtype: Of the state.
    """

    function: Map
    dim: int
    dtype: torch.dtype

    def __call__(self, h: Float[Tensor, "points dim"]) -> Float[Tensor, "points dim"]:
        """Map states."""
        return self.function(h)


def recurrent_map(module: nn.Module, inputs: Float[Tensor, " features"]) -> StateMap:
    """Return the map of a recurrent module's whole state under a constant input.

    The state of several layers is laid out one after the other; of an LSTM, all h and then all c.

    Args:
        module: `nn.RNN`, `nn.GRU`, `nn.LSTM` or one of their cells.
        inputs: The input that stays.

    Raises:
        ValueError: If the module is another one or runs in both directions, or the input has another size.

    Example:
        >>> f = recurrent_map(nn.LSTM(2, 3, num_layers=2), torch.zeros(2))
        >>> f.dim, f(torch.zeros(5, 12)).shape
        (12, torch.Size([5, 12]))
    """
    if not isinstance(module, nn.RNNBase | nn.RNNCellBase):
        raise ValueError(
            f"module must be nn.RNN, nn.GRU, nn.LSTM or one of their cells, got {type(module).__name__}; for any other "
            "pass your own map of states."
        )
    if getattr(module, "bidirectional", False):
        raise ValueError("A module that runs in both directions has no map of its state; pass one direction.")
    if inputs.shape != (module.input_size,):
        raise ValueError(f"inputs must have the shape ({module.input_size},), got {tuple(inputs.shape)}.")
    layers = module.num_layers if isinstance(module, nn.RNNBase) else 1
    gated = isinstance(module, nn.LSTM | nn.LSTMCell)
    width = getattr(module, "proj_size", 0) or module.hidden_size
    sizes = [layers * width] + ([layers * module.hidden_size] if gated else [])
    dtype = next(module.parameters()).dtype
    step = _sequence_step if isinstance(module, nn.RNNBase) else _cell_step

    def function(state: Tensor) -> Tensor:
        x = inputs.to(state).expand(state.shape[0], -1)
        found: Tensor = torch.cat(step(module, x, state.split(sizes, 1), layers), 1)
        return found

    return StateMap(function, sum(sizes), dtype)


def _sequence_step(module: nn.Module, x: Tensor, parts: tuple[Tensor, ...], layers: int) -> list[Tensor]:
    stacked = tuple(p.unflatten(1, (layers, -1)).transpose(0, 1).contiguous() for p in parts)
    sequence = x[:, None] if module.batch_first else x[None]
    _, after = module(sequence, stacked if len(stacked) == 2 else stacked[0])
    parts = after if isinstance(after, tuple) else (after,)
    return [p.transpose(0, 1).flatten(1) for p in parts]


def _cell_step(module: nn.Module, x: Tensor, parts: tuple[Tensor, ...], layers: int) -> list[Tensor]:
    after = module(x, parts if len(parts) == 2 else parts[0])
    return list(after) if isinstance(after, tuple) else [after]


def derivative(f: Map, x: Float[Tensor, "points dim"]) -> tuple[Tensor, Float[Tensor, "points dim dim"]]:
    """Return f(x) and its Jacobian at each point, by one backward pass a coordinate.

    Raises:
        ValueError: If the map does not return the shape that it is given, or no derivative leads through it.

    Example:
        >>> derivative(lambda x: x**2, torch.tensor([[1.0, 3.0]]))[1]
        tensor([[[2., 0.],
                 [0., 6.]]])
    """
    with torch.inference_mode(False), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        x = x.detach().clone().requires_grad_()
        y = f(x)
        if y.shape != x.shape:
            raise ValueError(f"The map must return states of the shape {tuple(x.shape)}, got {tuple(y.shape)}.")
        if not y.requires_grad:
            raise ValueError("The map must be differentiable with respect to the state, and no derivative leads back.")
        rows = [
            torch.autograd.grad(y[:, i].sum(), x, retain_graph=True, materialize_grads=True)[0]
            for i in range(x.shape[1])
        ]
    return y.detach(), torch.stack(rows, 1)
