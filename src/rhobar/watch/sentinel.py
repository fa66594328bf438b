"""Has a NaN come all the way back? A glance at the gradient that every other one flows into.

A NaN born anywhere in a backward pass runs on towards the data, and the gradient of the first layer sums over the
whole batch: so a few of its elements tell of the net, for a microsecond a step and without a call of torch.
"""

import ctypes
import math
import weakref
from typing import Any

import torch
from torch import Tensor

from rhobar.watch.parameters import Parameters

__all__ = ["Sentinel"]

READ = 16
"""Elements that are looked at. Each belongs to another unit; a ReLU hides a row from the units that it leaves at 0."""
_TYPES: dict[torch.dtype, Any] = {torch.float32: ctypes.c_float, torch.float64: ctypes.c_double}


class Sentinel:
    """The parameter of the first layer whose gradient is looked at."""

    def __init__(self) -> None:
        self._ref: weakref.ref[Tensor] | None = None

    def choose(self, parameters: Parameters, weight: Tensor) -> None:
        """Watch the smallest parameter of the module that owns the first layer's weight, its bias if it has one."""
        own = parameters.tracked.get(id(weight))
        if own is None:
            return
        module = own.name.rpartition(".")[0]
        siblings = [p for t, p in parameters.live() if t.reached and t.name.rpartition(".")[0] == module]
        self._ref = weakref.ref(min(siblings, key=Tensor.numel, default=weight))

    def lost(self) -> bool:
        """Whether the gradient holds a NaN or an infinity; ``False`` where that cannot be told without waiting."""
        parameter = self._ref() if self._ref is not None else None
        grad = parameter.grad if parameter is not None else None
        if type(grad) is not Tensor or not grad.is_cpu or grad.dtype not in _TYPES or grad.layout != torch.strided:
            return False
        size = grad.numel()
        if not size or not grad.is_contiguous():
            return False
        values = (_TYPES[grad.dtype] * size).from_address(grad.data_ptr())
        return not math.isfinite(sum(values[:: max(1, size // READ)]))
