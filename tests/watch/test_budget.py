"""The schedule keeps its promises whatever a step and a reading cost, on a clock that only the test moves."""

import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
import torch
from torch import nn

from rhobar.watch.schedule import FINEST, FIRST, LADDER, Clock, Schedule
from rhobar.watch.tracker import MAX_READINGS
from rhobar.watch.watcher import Watcher


class FakeClock(Clock):
    """A clock that is told how much time passes."""

    now = 0.0

    @property
    def running(self) -> float:
        """Seconds since the start."""
        return self.now

    def passes(self, seconds: float, *, watching: bool = False) -> None:
        """Let time pass."""
        self.now += seconds
        self.spent += seconds if watching else 0.0

    @property
    def share(self) -> float:
        """What watching added to the bare time."""
        return self.spent / self.bare


LADDER_STEPS = [0, 1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 128, 129, 512, 513, 2048, 2049, 8192, 8193]


@dataclass
class Run:
    """Trainings side by side of `steps` steps of one second each; the steps that were read of each."""

    steps: int
    price: float
    fixed: float = 0.0
    budget: float | None = 0.05
    trainings: int = 1
    noise: float = 0.0
    dense: list[list[int]] = field(default_factory=list)
    worst: float = 0.0
    """Largest spending beyond the budget at any step, in readings, once the ladder's own fit into it."""

    def __post_init__(self) -> None:
        clock = FakeClock(self.budget, started=0.0)
        schedules = [Schedule(clock) for _ in range(self.trainings)]
        self.dense = [[] for _ in schedules]
        draw = random.Random(0)
        for step in range(self.steps):
            for schedule, dense in zip(schedules, self.dense, strict=True):
                if schedule.wants(step):
                    dense.append(step)
                    clock.passes(self.price * (1 + self.noise * draw.uniform(-1, 1)), watching=True)
                clock.passes(self.fixed, watching=True)
                clock.passes(1.0 + self.noise * draw.uniform(-1, 1))
            ladder = sum(s <= step for s in LADDER_STEPS) * self.price * self.trainings
            if self.budget is not None and ladder + self.fixed * (step + 1) <= self.budget * clock.bare:
                self.worst = max(self.worst, (clock.spent - self.budget * clock.bare) / self.price)
        self.share = clock.share


PRICES = [1e-4, 0.01, 0.3, 2.0, 100.0]


@pytest.mark.parametrize("price", PRICES)
@pytest.mark.parametrize("fixed", [0.0, 0.02, 0.2])
def test_the_ladder_is_read_at_any_price(price: float, fixed: float) -> None:
    (dense,) = Run(9000, price, fixed).dense
    assert set(LADDER_STEPS) <= set(dense)


@pytest.mark.parametrize("fixed", [0.0, 0.2])
def test_what_cannot_be_afforded_is_read_on_the_ladder_alone(fixed: float) -> None:
    assert Run(9000, price=1e6, fixed=fixed).dense == [LADDER_STEPS]


@pytest.mark.parametrize("price", PRICES)
@pytest.mark.parametrize("fixed", [0.0, 0.02, 0.2])
def test_readings_come_in_pairs(price: float, fixed: float) -> None:
    (dense,) = Run(3001, price, fixed).dense
    later = [s for s in dense if s >= FIRST]
    assert all(b == a + 1 for a, b in zip(later[::2], later[1::2], strict=False))


@pytest.mark.parametrize("price", PRICES)
@pytest.mark.parametrize("fixed", [0.0, 0.02])
@pytest.mark.parametrize("budget", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("trainings", [1, 2])
def test_readings_by_choice_keep_the_budget(price: float, fixed: float, budget: float, trainings: int) -> None:
    octave = 2 * 2**FINEST
    assert Run(5000, price, fixed, budget, trainings).worst <= trainings * (2 + 0.1 * octave)


@pytest.mark.parametrize("price", [0.01, 0.3, 2.0])
def test_room_in_the_budget_is_used(price: float) -> None:
    """Unless readings are as dense as they get, at least a quarter of the budget goes into them by the end."""
    run = Run(3000, price)
    (dense,) = run.dense
    assert run.share >= 0.25 * 0.05 or len([s for s in dense if s >= 1024]) >= 2 ** (FINEST + 1)


@pytest.mark.parametrize("price", PRICES)
def test_a_noisy_clock_moves_the_readings_of_few_octaves(price: float) -> None:
    """Times that vary by a tenth leave all readings where they were, but where a choice was close."""
    (calm,), (noisy,) = Run(5000, price).dense, Run(5000, price, noise=0.1).dense
    moved = {s.bit_length() for s in set(calm) ^ set(noisy)}
    assert len(moved) <= 3
    # Every octave is read on one of few grids, each of which contains the coarser ones.
    for octave in moved:
        one, other = ({s for s in dense if s.bit_length() == octave} for dense in (calm, noisy))
        assert one <= other or other <= one


def test_readings_are_bounded_over_20_000_steps_even_if_free() -> None:
    (dense,) = Run(20_000, price=0.0001).dense
    assert len(dense) <= 330
    assert all(b >= 2 ** (1 / 2**FINEST) * a - 1 for a, b in pairwise(s for s in dense[::2] if s >= LADDER))


def test_without_a_budget_every_step_is_read() -> None:
    assert Run(300, price=5.0, budget=None).dense == [list(range(300))]


def test_a_cheaper_reading_is_priced_anew() -> None:
    """First calls are dear; the price is the median of the latest readings'."""
    clock = FakeClock(0.05, started=0.0)
    schedule = Schedule(clock)
    for step in range(40):
        if schedule.wants(step):
            clock.passes(10.0 if step == 0 else 0.01, watching=True)
        clock.passes(1.0)
    schedule.wants(40)
    assert schedule.price == pytest.approx(0.01)


def test_memory_stays_bounded_over_many_steps() -> None:
    """What a training keeps does not grow with its readings."""
    model = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    watcher = Watcher(budget=None).start()
    try:
        for _ in range(3 * MAX_READINGS):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(torch.randn(4, 3)), torch.randn(4, 2)).backward()
            optimizer.step()
        (tracker,) = watcher.observer.trackers
        assert len(tracker.readings) <= MAX_READINGS
        assert len(tracker.clipped) <= MAX_READINGS
        assert len(watcher.observer.steps._mine) == 1
        assert not watcher.observer.passes.pending
    finally:
        watcher.stop()


def test_the_record_says_what_was_spent() -> None:
    """Listening itself is paid for too: a call of a watched module costs more than nothing."""
    model = nn.Sequential(*(nn.Identity() for _ in range(50)), nn.Linear(3, 2))
    with Watcher() as watcher:
        nn.functional.mse_loss(model(torch.randn(4, 3)), torch.zeros(4, 2)).backward()
    clock = watcher.observer.clock
    assert clock.per_call >= 0
    assert 0 < 50 * clock.per_call < watcher.record.watch_seconds < watcher.record.seconds
