"""What it costs merely to be told: the part of watching that no clock inside a listener can see.

Measured when a watch starts, on this machine, in about a millisecond: the smallest of a few rounds, since whatever
disturbs a round makes it longer.
"""

import time
from collections.abc import Callable

from torch import nn

from rhobar.watch.guard import Guard
from rhobar.watch.schedule import Clock

__all__ = ["call_price", "event_price"]

ROUNDS, EACH = 5, 50


def _smallest(body: Callable[[], None]) -> float:
    """Seconds that `body` takes."""

    def spent() -> float:
        start = time.perf_counter()
        for _ in range(EACH):
            body()
        return time.perf_counter() - start

    return min(spent() for _ in range(ROUNDS)) / EACH


def call_price() -> float:
    """Seconds of one call of a module that does nothing; the difference while listening is what a call costs more."""
    module = nn.Identity()
    module(None)
    return _smallest(lambda: module(None))


def event_price() -> float:
    """Seconds around a listener's body that its own clock does not see."""
    guard = Guard(Clock(None))

    def event() -> None:
        with guard.contained("a measurement"):
            pass

    seen, whole = guard.clock.spent, _smallest(event)
    return max(0.0, whole - (guard.clock.spent - seen) / (ROUNDS * EACH))
