"""When to read densely, so that watching keeps to its budget.

The first steps are read one by one, later ones in pairs: two neighbours give the angle between their gradients. A dozen
readings, spread by doubling, are taken whatever they cost; after them a pair is taken when its price still fits into
the budget, at most one in 5 % more steps, and at the latest when the number of steps has grown fourfold.
"""

import time
from dataclasses import dataclass, field

__all__ = ["Clock", "Schedule"]

FIRST = 4
ENOUGH = 12
"""Readings taken even over the budget: a short run must not go unseen."""
DOUBLING, RARE = 2, 4
"""Largest growth of the step count between pairs, before and after there are ENOUGH readings."""
SPACING = 1.05
"""Smallest growth between pairs: n steps cost at most about 2·log(n/40)/log 1.05 readings, 250 for n = 20,000."""

SEEN = 0.8
"""Share of the cost that a clock inside the listeners sees; the rest is the program's, which finds its caches cold."""


@dataclass
class Clock:
    """Time spent watching, beside the time since the start."""

    budget: float | None = 0.05
    started: float = field(default_factory=time.perf_counter)
    spent: float = 0.0
    per_call: float = 0.0
    """Seconds that one call of a watched module takes longer, beside what the watcher does with it."""
    per_event: float = 0.0
    """Seconds that it takes to tell a listener, which its own clock does not see."""

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started

    def affordable(self, price: float) -> bool:
        """Whether watching stays within its share of the bare time if it spends `price` more seconds."""
        return self.budget is None or self.spent + price <= SEEN * self.budget * max(self.elapsed - self.spent, 0.0)


@dataclass
class Schedule:
    """Which backward passes of one training are read densely."""

    clock: Clock
    latest: int = -1
    next_due: float = FIRST
    pair: bool = False
    readings: int = 0
    price: float = 0.0
    """Seconds that the latest reading took, with everything else that was watched in its step."""
    _before: float | None = None

    def wants(self, step: int) -> bool:
        """Decide for the backward pass `step`; remembers its own answers."""
        if self._before is not None:
            self.price, self._before = self.clock.spent - self._before, None
        if self.clock.budget is None or step < FIRST or self.pair:
            self.pair = False
        elif step >= self.next_due or (step >= self.latest * SPACING + 1 and self.clock.affordable(2 * self.price)):
            self.pair = True
            self.next_due = max(step * (DOUBLING if self.readings + 2 < ENOUGH else RARE), step + 2)
        else:
            return False
        self.latest, self._before = step, self.clock.spent
        self.readings += 1
        return True
