"""When to read densely: a fixed ladder of steps, and more of them, on a fixed grid, where the budget has room.

Two runs of one program should be read at the same steps, or their findings differ where they are close to a threshold.
So the clock has little to say. Readings come in pairs (two neighbours give the angle between their gradients), and

    always     0, 1, 2, 3, then pairs at 4, 8, 16, 32, then at 128, 512, 2048, …, fourfold each time;
    by budget  in each octave 2ʲ ≤ t < 2ʲ⁺¹ the pairs at ⌈2^(j + i/2ᵏ)⌉, i = 0 … 2ᵏ − 1, where k is chosen once, at
               the octave's first step: the largest k ≤ FINEST whose readings fit.

The clock chooses one small integer an octave, and times have to differ by a factor of two to move it by one.

What the ladder costs. With c the price of a reading in steps, its 12 readings up to step 33 and two in each fourfold
growth after it are a share c·(12 + 2·log₄(n/32))/n of n steps: for c = 1, which is a reading as dear as a step, 7 % at
n = 200, 1.9 % at 1,000 and 0.3 % at 10,000. Nothing in a run of a few hundred tiny steps can be seen for less.

What the octave costs. It is expected to last as long as all steps before it, T, and to spend on listening alone what
they spent, s. So k is the largest with

    2·2ᵏ·p ≤ SEEN·b·(bare time so far + T) − (spent so far) − s − (promised to other trainings),

p the median price of the latest readings and b the budget. If the run ends inside the octave, log₂(1 + f) ≤ f +
0.09 of its readings fall into its first share f: the budget is exceeded by at most a tenth of one octave's readings.
"""

import math
import statistics
import threading
import time
from collections import deque
from dataclasses import dataclass, field

__all__ = ["Clock", "Schedule"]

FIRST = 4
"""Steps that are read one by one."""
LADDER = 32
"""Last octave whose first pair is always read; after it every other one's is."""
FINEST = 4
"""Most pairs in an octave are 2^FINEST, one in 4 % more steps: 32 readings an octave, 320 for 20,000 steps."""
SEEN = 0.7
"""Share of the cost that a clock inside the listeners sees; the rest is the program's, which finds its caches cold.
Measured on 784-256-256-10: 0.057 seen of 0.073 in CPU time, less a margin for the octave that a run ends in."""


@dataclass
class Clock:
    """Time spent watching, beside the time since the start: CPU time, which a busy machine does not stretch.

    It is that of the thread that asks: a process whose kernels run on eight threads would seem to have eight times as
    much to spend. A thread that waits for data or for an accelerator lets the clock stand: it is read less then.
    """

    budget: float | None = 0.02
    started: float = field(default_factory=time.perf_counter)
    spent: float = 0.0
    per_call: float = 0.0
    """Seconds that one call of a watched module takes longer, beside what the watcher does with it."""
    per_event: float = 0.0
    """Seconds that it takes to tell a listener, which its own clock does not see."""
    beside: float = 0.0
    """Seconds of CPU that a thread beside the training took, to write what was seen."""
    promised: float = 0.0
    """Seconds of readings that are planned and not yet taken."""

    _threads: dict[int, float] = field(default_factory=lambda: {threading.get_ident(): time.thread_time()})
    """CPU time that each thread had taken when it was first seen."""
    _halted: tuple[float, float] | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the start, on the wall."""
        return time.perf_counter() - self.started

    @property
    def running(self) -> float:
        """Seconds of CPU that this thread took since it was first seen."""
        now = time.thread_time()
        return now - self._threads.setdefault(threading.get_ident(), now)

    def halt(self) -> None:
        """Nobody watches from here on."""
        self._halted = time.perf_counter(), time.thread_time()

    def go_on(self) -> None:
        """Somebody watches again: what passed since `halt` does not count."""
        if self._halted is not None:
            (wall, cpu), self._halted = self._halted, None
            self.started += time.perf_counter() - wall
            self._threads[threading.get_ident()] = (
                time.thread_time() - cpu + self._threads.get(threading.get_ident(), cpu)
            )

    @property
    def watched(self) -> float:
        """Seconds that watching took in all: in the training's way, and beside it."""
        return self.spent + self.beside

    @property
    def bare(self) -> float:
        """Seconds that the program itself has run."""
        return max(self.running - self.watched, 0.0)


@dataclass
class Schedule:
    """Which backward passes of one training are read densely."""

    clock: Clock
    latest: int = -1
    readings: int = 0
    _pair: bool = False
    _planned: set[int] = field(default_factory=set)
    _octave: int = 0
    _promise: float = 0.0
    _start: tuple[float, float] | None = None
    """Bare time and time spent when this training began."""
    _dense: float = 0.0
    """Seconds that its readings took so far, with everything else that was watched in their steps."""
    _prices: deque[float] = field(default_factory=lambda: deque(maxlen=5))
    _before: float | None = None

    @property
    def price(self) -> float:
        """Seconds of a reading: the median of the latest, since first calls are dear."""
        return statistics.median(self._prices) if self._prices else 0.0

    def wants(self, step: int) -> bool:
        """Decide for the backward pass `step`; remembers its own answers."""
        clock = self.clock
        if self._before is not None:
            self._prices.append(clock.spent - self._before)
            self._dense += clock.spent - self._before
            self._before = None
        if clock.budget is None:
            return self._read(step)
        self._start = self._start or (clock.bare, clock.watched)
        if step < FIRST or self._pair:
            self._pair = False
            return self._read(step)
        if step >= 2 * self._octave:
            self._plan(step)
        if step not in self._planned:
            return False
        self._pair = True
        self._keep_promise(min(self._promise, 2 * self.price))
        return self._read(step)

    def sleeps_until(self, step: int) -> int:
        """The first step from this one on for which `wants` need be asked, if the one before was not read."""
        if self.clock.budget is None or step < FIRST or self._pair or self._before is not None:
            return step
        return min((s for s in self._planned if s >= step), default=2 * self._octave)

    def _read(self, step: int) -> bool:
        self.latest, self._before = step, self.clock.spent
        self.readings += 1
        return True

    def _plan(self, step: int) -> None:
        """Choose the steps of the octave that begins at `step`."""
        self._octave = 1 << (step.bit_length() - 1)
        self._keep_promise(self._promise)
        always = self._octave <= LADDER or (self._octave.bit_length() - LADDER.bit_length()) % 2 == 0
        finest = self._finest()
        if finest is None:
            self._planned = {self._octave} if always else set()
            return
        count = 1 << finest
        starts = {math.ceil(self._octave * 2 ** (i / count)) for i in range(count)}
        self._planned = starts - {2 * self._octave - 1}  # whose neighbour is the next octave's first
        self._promise = 2 * count * self.price
        self.clock.promised += self._promise

    def _keep_promise(self, seconds: float) -> None:
        self._promise -= seconds
        self.clock.promised -= seconds

    def _finest(self) -> int | None:
        """The largest k whose 2ᵏ pairs fit into the octave's share of the budget; ``None`` if not even one does."""
        clock = self.clock
        assert clock.budget is not None
        assert self._start is not None
        lasted, listened = clock.bare - self._start[0], clock.watched - self._start[1] - self._dense
        room = SEEN * clock.budget * (clock.bare + lasted) - clock.watched - max(listened, 0.0) - clock.promised
        if room < 2 * self.price:
            return None
        return min(FINEST, int(math.log2(room / (2 * self.price)))) if self.price > 0 else FINEST
