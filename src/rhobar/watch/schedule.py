"""When to read densely, so that watching keeps to its budget.

The first steps are read one by one; later ones in pairs (two neighbours give the angle between their gradients),
each when the share of time spent so far allows it, or at the latest after a growth of the step count by a quarter.
"""

import time
from dataclasses import dataclass, field

__all__ = ["Clock", "Schedule"]

FIRST = 4
GROWTH = 1.25


@dataclass
class Clock:
    """Time spent watching, beside the time since the start."""

    budget: float | None = 0.05
    started: float = field(default_factory=time.perf_counter)
    spent: float = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started

    @property
    def affordable(self) -> bool:
        """Whether watching is below its share of the bare time."""
        return self.budget is None or self.spent <= self.budget * max(self.elapsed - self.spent, 0.0)


@dataclass
class Schedule:
    """Which backward passes of one training are read densely."""

    clock: Clock
    latest: int = -1
    next_due: float = FIRST
    pair: bool = False

    def wants(self, step: int) -> bool:
        """Decide for the backward pass `step`; remembers its own answers."""
        if self.clock.budget is None or step < FIRST or self.pair:
            self.pair = False
            self.latest = step
            return True
        if step >= self.next_due or (self.clock.affordable and step >= self.latest + 2):
            self.latest, self.pair = step, True
            self.next_due = max(step * GROWTH, step + 2)
            return True
        return False
