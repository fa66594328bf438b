"""What it costs merely to be told: the part of watching that no clock inside a listener can see.

Measured when a watch starts, on this machine, in about a millisecond: the smallest of a few rounds, since whatever
disturbs a round makes it longer.
"""

import functools
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from rhobar.watch.guard import Guard
from rhobar.watch.hooks import LossCall, aside
from rhobar.watch.schedule import Clock

__all__ = ["call_price", "event_price"]

ROUNDS, EACH = 5, 40
COLD = 4.0
"""How much dearer an event is between two halves of a training step than in a loop of nothing else, where its code and
data stay in the nearest caches: (CPU time of watched steps − bare steps − time seen inside the listeners) over the
price in the loop, on steps that were not read densely. Measured once, as 4, on three layers of width 8 on a busy
machine: a first estimate, to be held against `benchmarks/overhead.py` on a quiet one."""


def _smallest(body: Callable[[], object]) -> float:
    """Seconds that `body` takes."""

    def spent() -> float:
        start = time.thread_time()
        for _ in range(EACH):
            body()
        return time.thread_time() - start

    return min(spent() for _ in range(ROUNDS)) / EACH


def call_price() -> float:
    """Seconds of one call of a module that does nothing; the difference while listening is what a call costs more."""
    module = nn.Identity()
    module(None)
    return _smallest(lambda: module(None))


def event_price() -> float:
    """Seconds to reach a listener and to come back, in a wrapper that its own clock does not see, times COLD."""
    guard = Guard(Clock(None))

    def listen(kind: str, call: LossCall) -> None:
        with guard.contained(kind):
            pass

    value = torch.zeros(())

    def original(*args: Any, **kwargs: Any) -> Tensor:
        return value

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        if not aside():
            listen("a measurement", LossCall(original, args, kwargs, original(*args, **kwargs)))

    bare, whole = _smallest(lambda: original(1, reduction="mean")), _smallest(lambda: wrapper(1, reduction="mean"))
    return COLD * max(0.0, whole - bare - guard.clock.spent / (ROUNDS * EACH))
