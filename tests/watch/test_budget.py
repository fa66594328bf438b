"""The schedule keeps its promises whatever a step and a reading cost, on a clock that only the test moves."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
import torch
from torch import nn

from rhobar.watch.schedule import DOUBLING, ENOUGH, FIRST, RARE, SPACING, Clock, Schedule
from rhobar.watch.tracker import MAX_READINGS
from rhobar.watch.watcher import Watcher


class FakeClock(Clock):
    """A clock that is told how much time passes."""

    now = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.now

    def passes(self, seconds: float, *, watching: bool = False) -> None:
        """Let time pass."""
        self.now += seconds
        self.spent += seconds if watching else 0.0


@dataclass
class Run:
    """A training of `steps` steps of one second, and the steps that were read."""

    steps: int
    price: float
    fixed: float = 0.0
    budget: float | None = 0.05
    dense: list[int] = field(default_factory=list)
    over: float = 0.0
    """Largest spending beyond the budget at any step after the readings that are taken at any price."""

    def __post_init__(self) -> None:
        clock = FakeClock(self.budget, started=0.0)
        schedule = Schedule(clock)
        due: set[int] = set()
        for step in range(self.steps):
            forced = step < FIRST or step >= schedule.next_due or (schedule.pair and step - 1 in due)
            if schedule.wants(step):
                self.dense.append(step)
                due |= {step} if forced else set()
                clock.passes(self.price, watching=True)
            clock.passes(self.fixed, watching=True)
            clock.passes(1.0)
            if not forced and self.dense[-1] == step and self.budget is not None:
                bare = clock.now - clock.spent
                self.over = max(self.over, clock.spent - self.budget * bare)


PRICES = [1e-4, 0.01, 0.3, 2.0, 100.0]


@pytest.mark.parametrize("price", PRICES)
@pytest.mark.parametrize("fixed", [0.0, 0.02, 0.2])
def test_the_first_steps_and_a_dozen_readings_are_taken_at_any_price(price: float, fixed: float) -> None:
    dense = Run(100, price, fixed).dense
    assert dense[:FIRST] == list(range(FIRST))
    assert len([s for s in dense if s < 40]) >= ENOUGH
    # Spread by doubling: in every doubling of the step count something is read.
    assert all(later <= DOUBLING * earlier + 1 for earlier, later in pairwise(dense[3:]) if earlier < 32)


@pytest.mark.parametrize("price", PRICES)
@pytest.mark.parametrize("fixed", [0.0, 0.02, 0.2])
def test_readings_come_in_pairs(price: float, fixed: float) -> None:
    later = [s for s in Run(3001, price, fixed).dense if s >= FIRST]
    assert all(b == a + 1 for a, b in zip(later[::2], later[1::2], strict=False))


@pytest.mark.parametrize("price", PRICES)
@pytest.mark.parametrize("fixed", [0.0, 0.02])
@pytest.mark.parametrize("budget", [0.01, 0.05, 0.3])
def test_a_reading_by_choice_never_exceeds_the_budget_by_more_than_itself(
    price: float, fixed: float, budget: float
) -> None:
    run = Run(5000, price, fixed, budget)
    assert run.over <= price + fixed + 1e-9


def test_a_run_of_dear_steps_ends_within_budget() -> None:
    run = Run(5000, price=2.0, fixed=0.01)
    assert 2.0 * len(run.dense) + 0.01 * 5000 <= 0.05 * 5000 + 2.0


@pytest.mark.parametrize("fixed", [0.0, 0.2])
def test_what_cannot_be_afforded_is_read_once_in_a_fourfold_growth(fixed: float) -> None:
    dense = Run(20_000, price=1e6, fixed=fixed).dense
    starts = [s for s in dense if s >= 32][::2]
    assert starts == [32, 32 * RARE, 32 * RARE**2, 32 * RARE**3, 32 * RARE**4][: len(starts)]
    assert len(dense) <= ENOUGH + 2 * 5


def test_readings_are_bounded_over_20_000_steps_even_if_free() -> None:
    dense = Run(20_000, price=0.0).dense
    assert len(dense) <= 320
    starts = [s for s in dense if s >= FIRST][::2]
    assert all(b >= SPACING * (a + 1) for a, b in pairwise(starts))


def test_without_a_budget_every_step_is_read() -> None:
    assert Run(300, price=5.0, budget=None).dense == list(range(300))


def test_a_cheaper_reading_is_priced_anew() -> None:
    """First calls are dear; the price is the latest reading's."""
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
