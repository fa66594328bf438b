"""Which activation follows each linear map of a model, and what feeds it: read from one forward pass.

Every operation of the pass is seen below torch's modules and functions. A linear map is a product with a parameter,
whoever wrote it; from its output z on, operations that act entry by entry on z alone are composed to φ, until
something else consumes φ(z). So `z * torch.sigmoid(z)` is seen to be the SiLU.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_leaves

from rhobar.nn.initializers.evaluating import evaluating

__all__ = ["LinearMap", "Signal", "trace_linear_maps"]

_PRODUCTS = {"mm": (0, 1), "addmm": (1, 2), "bmm": (0, 1), "baddbmm": (1, 2), "mv": (0, 1), "addmv": (1, 2)}
_NORMS = {"native_layer_norm", "native_group_norm", "native_batch_norm", "_native_batch_norm_legit", "_fused_rms_norm"}
_NORMS |= {"_native_batch_norm_legit_no_training", "cudnn_batch_norm", "_batch_norm_no_update", "miopen_batch_norm"}
_UNKNOWN = "unknown"
_COPIES = {"clone", "_to_copy", "detach", "alias", "_unsafe_view", "lift_fresh", "copy_", "_reshape_alias"}


@dataclass(frozen=True)
class Signal:
    """φ of the output of a linear map, or of a normalised tensor.

    Attributes:
        source: Index of the map; None for a normalisation, whose output has unit variance.
        label: φ in print, with z for its argument; "z" if nothing was applied yet.
        phi: φ as a function.
    """

    source: int | None
    label: str = "z"
    phi: Callable[[Tensor], Tensor] = field(default=lambda z: z, repr=False, compare=False)


@dataclass
class LinearMap:
    """A product of a signal with a parameter.

    Attributes:
        weight: Name of the parameter.
        bias: Name of the bias, if one is added.
        fan_in: How many products are summed up.
        fed_by: The signal it is applied to; None if it is none that a formula covers.
        moment: E[x²] of an input that depends on no linear map, as measured; None otherwise.
        follows: What is applied to its output: φ by its label, "norm" for a normalisation.
        activation: The signal behind it.
    """

    weight: str
    bias: str | None
    fan_in: int
    fed_by: Signal | None
    moment: float | None
    follows: str = "z"
    activation: Signal | None = None


def trace_linear_maps(module: nn.Module, *inputs: Any) -> list[LinearMap]:
    """Return the linear maps of one forward pass in evaluation mode, in the order of their use.

    Modes, buffers, random state and gradients are as before afterwards. Not seen are products inside fused kernels (a
    fused LSTM, say) and with weights that are computed from parameters.

    Example:
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 2))
        >>> [(m.weight, m.fan_in, m.follows) for m in trace_linear_maps(net, torch.ones(1, 4))]
        [('0.weight', 4, 'gelu(z)'), ('2.weight', 8, 'z')]
    """
    tracer = _Tracer(module)
    # With gradients, as torch's transformer takes a fused path without.
    with evaluating(module), torch.random.fork_rng(devices=[]), torch.enable_grad(), tracer:
        outputs = module(*inputs)
    for tensor in tree_leaves(outputs):
        if isinstance(tensor, Tensor):
            tracer.consume(tensor, "output")
    return tracer.maps


class _Tracer(TorchDispatchMode):
    """Follows the signals. `state` holds a Signal, or _UNKNOWN for what depends on a map in another way."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names = {p.untyped_storage().data_ptr(): name for name, p in module.named_parameters() if p.numel()}
        self.maps: list[LinearMap] = []
        self.state: dict[int, Signal | str] = {}
        self.alive: list[Tensor] = []  # an id is only good as long as its tensor lives

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        result = self._result(func, name, args, kwargs, tensors)
        out = func(*args, **kwargs)
        parameter = self._name(tensors[0]) if name in _COPIES and tensors else None
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor):
                self.alive.append(tensor)
                if parameter is not None:  # autocast multiplies with copies
                    self.names[tensor.untyped_storage().data_ptr()] = parameter
                if result is None:
                    self.state.pop(id(tensor), None)
                else:
                    self.state[id(tensor)] = result
                    if func._schema.is_mutable and tensor._base is not None:  # a part was written, the whole is mixed
                        for part in (*tensors, tensor._base):
                            self.consume(part, name)
                        self.alive.append(tensor._base)
                        self.state[id(tensor._base)] = _UNKNOWN
        return out

    def _result(self, func: Any, name: str, args: Any, kwargs: Any, tensors: list[Tensor]) -> Signal | str | None:  # noqa: ANN401
        product = self._product(name, args)
        if product is not None:
            return product
        if name in _NORMS:
            self.consume(args[0], "norm")
            return Signal(None)
        states = [self.state.get(id(t)) for t in tensors]
        if all(s is None for s in states):
            return None
        if (func.is_view or name in _COPIES) and len([s for s in states if s is not None]) == 1:
            return next(s for s in states if s is not None)
        if torch.Tag.pointwise in func.tags or name == "_prelu_kernel":
            signal = self._pointwise(func, name, args, kwargs)
            if signal is not None:
                return signal
        for tensor in tensors:
            self.consume(tensor, name)
        return _UNKNOWN

    def _product(self, name: str, args: Any) -> Signal | None:  # noqa: ANN401
        """If one factor is a parameter: note the map, and return its output."""
        if name == "convolution":
            x, weight, bias, stride, *_, transposed, _, groups = args
            per_output = weight[0].numel() if not transposed else weight[:, 0].numel() // groups
            fan_in = max(1, per_output // _volume(stride, weight.ndim - 2)) if transposed else per_output
        elif name in _PRODUCTS:
            left, right = (args[i] for i in _PRODUCTS[name])
            bias = args[0] if name.startswith(("addm", "badd")) else None
            x, weight = (right, left) if self._name(left) else (left, right)
            fan_in = weight.shape[-1] if weight is left or weight.ndim == 1 else weight.shape[-2]
        else:
            return None
        weight_name = self._name(weight)
        if weight_name is None:
            return None
        state = self.state.get(id(x))
        moment = x.detach().double().square().mean().item() if state is None else None
        self.consume(x, "linear")
        fed_by = state if isinstance(state, Signal) else None
        self.maps.append(LinearMap(weight_name, self._name(bias), fan_in, fed_by, moment))
        return Signal(len(self.maps) - 1)

    def _pointwise(self, func: Any, name: str, args: Any, kwargs: Any) -> Signal | None:  # noqa: ANN401
        """Return the composed signal, if all that varies with the entries is one signal."""
        leaves, spec = tree_flatten((args, kwargs))
        tensors = [t for t in leaves if isinstance(t, Tensor)]
        found = [s for s in (self.state.get(id(t)) for t in tensors) if s is not None]
        signals = [s for s in found if isinstance(s, Signal)]
        if len(signals) < len(found) or len({s.source for s in signals}) != 1:
            return None
        if name in ("add", "add_") and len(signals) == 1 and self._adds_bias(tensors, signals[0]):
            return signals[0]
        parts = [self._part(leaf) for leaf in leaves]
        if any(isinstance(part, Tensor) for part in parts):
            return None

        def phi(z: Tensor) -> Tensor:
            values = [part.phi(z).clone() if isinstance(part, Signal) else part for part in parts]  # some work in place
            new_args, new_kwargs = spec.unflatten(values)
            if name == "_prelu_kernel":
                new_args = (new_args[0], torch.as_tensor(new_args[1], dtype=z.dtype))
            value: Tensor = func(*new_args, **new_kwargs)
            return value

        label = ", ".join(part.label if isinstance(part, Signal) else _short(part) for part in parts)
        return replace(signals[0], label=f"{name.strip('_')}({label})", phi=phi)

    def _part(self, leaf: Any) -> Any:  # noqa: ANN401
        """A signal, a number, or a tensor that differs from entry to entry."""
        if not isinstance(leaf, Tensor):
            return leaf
        state = self.state.get(id(leaf))
        if isinstance(state, Signal):
            return state
        flat = leaf.detach().flatten()
        return flat[0].item() if len(flat) and bool((flat == flat[0]).all()) else leaf

    def _adds_bias(self, tensors: list[Tensor], signal: Signal) -> bool:
        names = [n for n in map(self._name, tensors) if n is not None]
        if len(names) != 1 or signal.source is None or signal.label != "z" or self.maps[signal.source].bias:
            return False
        self.maps[signal.source].bias = names[0]
        return True

    def consume(self, tensor: Tensor, consumer: str) -> None:
        """Note what became of a map's output when something other than a pointwise operation takes it."""
        state = self.state.get(id(tensor))
        if not isinstance(state, Signal) or state.source is None:
            return
        linear = self.maps[state.source]
        if linear.activation is None or linear.activation.label == "z":
            linear.activation = state
            linear.follows = consumer if consumer == "norm" and state.label == "z" else state.label

    def _name(self, tensor: Tensor | None) -> str | None:
        return None if tensor is None else self.names.get(tensor.untyped_storage().data_ptr())


def _short(part: Any) -> str:  # noqa: ANN401
    return f"{part:.4g}" if isinstance(part, float) else str(part)


def _volume(stride: Iterable[int], dimensions: int) -> int:
    volume = 1
    for s in (*stride, *([1] * dimensions))[:dimensions]:
        volume *= s
    return volume
