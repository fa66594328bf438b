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
        self._array: Any = None
        """The C type of its gradient's memory; none where that cannot be read without waiting."""
        self._place, self._size, self._stride = 0, 0, 1
        self._dtype = torch.float32

    def choose(self, parameters: Parameters, weight: Tensor) -> None:
        """Watch the smallest parameter of the module that owns the first layer's weight, its bias if it has one."""
        own = parameters.tracked.get(id(weight))
        if own is None:
            return
        module = own.name.rpartition(".")[0]
        siblings = [p for t, p in parameters.live() if t.reached and t.name.rpartition(".")[0] == module]
        chosen = min(siblings, key=Tensor.numel, default=weight)
        self._ref = weakref.ref(chosen)
        self._placed(chosen)

    def lost(self) -> bool:
        """Whether the gradient holds a NaN or an infinity; ``False`` where that cannot be told without waiting."""
        if self._ref is None or self._array is None or (parameter := self._ref()) is None:
            return False
        grad = parameter.grad
        if type(grad) is not Tensor:
            return False
        # A gradient has its parameter's device; a parameter that moved lies elsewhere.
        if parameter.data_ptr() != self._place and not self._placed(parameter):
            return False
        if grad.layout is not torch.strided or not grad.is_contiguous():
            return False
        if grad.dtype is not self._dtype or grad.numel() != self._size:
            return False
        return not math.isfinite(sum(self._array.from_address(grad.data_ptr())[:: self._stride]))

    def _placed(self, parameter: Tensor) -> bool:
        """Note where the parameter lies; whether its gradient can be read without waiting."""
        self._place, self._array, self._dtype = parameter.data_ptr(), None, parameter.dtype
        self._size = size = parameter.numel()
        if parameter.is_cpu and self._dtype in _TYPES and size:
            self._stride, self._array = max(1, size // READ), _TYPES[self._dtype] * size
        return self._array is not None
