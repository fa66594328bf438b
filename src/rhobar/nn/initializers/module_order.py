"""Which activation follows each linear map, guessed from the order of the modules alone."""

import re

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.dropout import _DropoutNd

from rhobar.nn.initializers.flow import LinearMap, Signal, trace_linear_maps

__all__ = ["order_linear_maps"]

_NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
_TRANSPARENT = (_DropoutNd, nn.Flatten, nn.Unflatten, nn.Identity)


def order_linear_maps(module: nn.Module) -> list[LinearMap]:
    """Return the linear modules as if all modules acted one after the other, in the order of registration.

    An activation module is recognised by what it does: alone behind a linear map, only pointwise operations are seen.

    Example:
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.Dropout(), nn.Tanh(), nn.Linear(8, 2))
        >>> [(m.weight, m.follows) for m in order_linear_maps(net)]
        [('0.weight', 'tanh(z)'), ('3.weight', 'z')]
    """
    maps: list[LinearMap] = []
    signal: Signal | None = None
    moment: float | None = 1.0
    for name, leaf in module.named_modules():
        if any(True for _ in leaf.children()) or isinstance(leaf, _TRANSPARENT):
            continue
        if isinstance(leaf, (nn.Linear, _ConvNd)):
            prefix = f"{name}." if name else ""
            bias = f"{prefix}bias" if leaf.bias is not None else None
            maps.append(LinearMap(f"{prefix}weight", bias, _fan_in(leaf), signal, moment))
            signal, moment = Signal(len(maps) - 1), None
        elif isinstance(leaf, _NORMS):
            _note(maps, signal, "norm")
            signal, moment = Signal(None), None
        elif signal is not None:
            signal = _applied(leaf, signal)
            _note(maps, signal, None)
        else:
            moment = None
    return maps


def _fan_in(leaf: nn.Linear | _ConvNd) -> int:
    if isinstance(leaf, _ConvTransposeNd):
        return max(1, leaf.weight[:, 0].numel() // leaf.groups // torch.Size(leaf.stride).numel())
    return leaf.weight[0].numel()


def _note(maps: list[LinearMap], signal: Signal | None, norm: str | None) -> None:
    """Write down at its map what became of a signal."""
    if signal is None or signal.source is None:
        return
    maps[signal.source].activation = signal
    maps[signal.source].follows = norm if norm and signal.label == "z" else signal.label


def _applied(leaf: nn.Module, signal: Signal) -> Signal | None:
    """Return the signal behind a module; None if the module does more than act entry by entry."""
    example = next(leaf.parameters(), torch.zeros(1))
    dtype = example.dtype if example.is_floating_point() else torch.float32
    width = example.numel() if example.numel() > 1 else 3  # a PReLU of one slope a channel wants these channels
    probe = nn.Sequential(nn.Linear(2, width, bias=False, device=example.device, dtype=dtype), leaf)
    try:
        (seen, *_) = trace_linear_maps(probe, torch.ones(1, 2, device=example.device, dtype=dtype))
    except (RuntimeError, ValueError, TypeError, IndexError):
        return None
    if seen.activation is None or seen.activation.label == "z":
        return None
    inner, outer = signal.phi, seen.activation.phi

    def phi(z: Tensor) -> Tensor:
        return outer(inner(z))

    return Signal(signal.source, re.sub(r"\bz\b", signal.label, seen.activation.label), phi)
