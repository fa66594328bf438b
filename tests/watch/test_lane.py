"""Law: a training whose steps take the short way is told of as if every one had gone the long way."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from rhobar.watch.clearing import EVERY
from rhobar.watch.lane import Lane
from rhobar.watch.schedule import Schedule
from rhobar.watch.watcher import Watcher

STEPS, ROWS = 150, 256
PLANNED = (0, 1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33)


class Log(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        return func(*args, **(kwargs or {}))


class Loop:
    """A loop with a habit; the data come round every four steps, so that the rows are known soon."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
        self.x, self.y = torch.randn(ROWS, 4), torch.randint(3, (ROWS,))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def loss(self, rows: slice) -> torch.Tensor:
        return F.cross_entropy(self.model(self.x[rows]), self.y[rows])

    def step(self, i: int, *, clear: bool = True) -> None:
        if clear:
            self.optimizer.zero_grad()
        start = 64 * (i % 4)
        self.loss(slice(start, start + (64 if i % 4 < 3 else 50))).backward()
        self.optimizer.step()


def plain(loop: Loop, i: int) -> None:
    loop.step(i)


def accumulates(loop: Loop, i: int) -> None:
    loop.loss(slice(64 * (i % 4), 64 * (i % 4) + 64)).backward()
    if i % 2:
        loop.optimizer.step()
        loop.optimizer.zero_grad()


def never_clears(loop: Loop, i: int) -> None:
    loop.step(i, clear=False)


def stops_clearing(loop: Loop, i: int) -> None:
    loop.step(i, clear=i < 20)


def evaluates(loop: Loop, i: int) -> None:
    loop.step(i)
    if i % 10 == 9:
        loop.model.eval()
        with torch.no_grad():
            for start in (0, 128):
                loop.loss(slice(start, start + 128))
        loop.model.train()


def evaluates_with_gradients(loop: Loop, i: int) -> None:
    loop.step(i)
    if i % 10 == 9:
        loop.loss(slice(None))


def trains_in_eval_mode(loop: Loop, i: int) -> None:
    loop.model.train(i < 100)
    loop.step(i)


def changes_optimizer(loop: Loop, i: int) -> None:
    if i == 90:
        loop.optimizer = torch.optim.Adam(loop.model.parameters(), lr=0.01)
    loop.step(i)


def schedules(loop: Loop, i: int) -> None:
    loop.optimizer.param_groups[0]["lr"] = 0.1 / (1 + i)
    loop.step(i)


def adds_a_group(loop: Loop, i: int) -> None:
    if i == 90:
        loop.extra = nn.Parameter(torch.zeros(3))
        loop.optimizer.add_param_group({"params": [loop.extra]})
    loop.step(i)


def another_model(loop: Loop, i: int) -> None:
    if i == 90:
        loop.model = copy.deepcopy(loop.model)
        loop.optimizer = torch.optim.SGD(loop.model.parameters(), lr=0.1)
    loop.step(i)


def another_loss(loop: Loop, i: int) -> None:
    loop.optimizer.zero_grad()
    z, y = loop.model(loop.x), loop.y
    (F.cross_entropy(z, y) if i < 90 else F.mse_loss(z, F.one_hot(y, 3).float())).backward()
    loop.optimizer.step()


def in_a_mode(loop: Loop, i: int) -> None:
    if i < 90:
        return loop.step(i)
    with Log():
        return loop.step(i)


def drops_out(loop: Loop, i: int) -> None:
    loop.optimizer.zero_grad()
    F.cross_entropy(loop.model(F.dropout(loop.x, 0.1 if i < 90 else 0.3)), loop.y).backward()
    loop.optimizer.step()


def bad_data(loop: Loop, i: int) -> None:
    if i == 101:
        loop.x = loop.x.index_put((torch.tensor([64 * (i % 4) + 5]), torch.tensor([2])), torch.tensor(math.nan))
    loop.step(i)


def bad_derivative(loop: Loop, i: int) -> None:
    if i == 0:
        loop.model.append(Root())
        loop.optimizer = torch.optim.SGD(loop.model.parameters(), lr=0.01)
    loop.model[-1].bad = i == 101
    loop.step(i)


class Root(nn.Module):
    """The identity; when bad, by way of a root of 0, whose derivative is infinite."""

    bad = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + (x[:, :1] - x[:, :1].detach()).sqrt() if self.bad else x


HABITS: list[Callable[[Loop, int], None]] = [
    plain, accumulates, never_clears, stops_clearing, evaluates, evaluates_with_gradients, trains_in_eval_mode,
    changes_optimizer, schedules, adds_a_group, another_model, another_loss, in_a_mode, drops_out, bad_data,
    bad_derivative,
]  # fmt: skip
SHORT = {plain, accumulates, evaluates, trains_in_eval_mode, schedules, changes_optimizer, another_model, in_a_mode}
"""Where some of the steps must go the short way, or the law says nothing."""


def told(habit: Callable[[Loop, int], None], monkeypatch: pytest.MonkeyPatch, *, short: bool) -> tuple[object, int]:
    """The record of a run as text, every step of the same plan read; and the steps that took the short way."""
    entered = []

    def enter(self, loss):
        found = Lane_enter(self, loss)
        entered.append(found is not None)
        return found

    def wants(self, step):
        return self._read(step) if step in PLANNED else False

    with monkeypatch.context() as patch:
        patch.setattr(Lane, "enter", enter)
        patch.setattr(Schedule, "wants", wants)
        patch.setattr(Schedule, "sleeps_until", lambda self, step: min([s for s in PLANNED if s >= step] or [10**9]))
        if not short:
            patch.setattr(Lane, "open", lambda self, tracker, training: None)
        loop = Loop()
        with Watcher() as watcher:
            for i in range(STEPS):
                habit(loop, i)
        record = watcher.record
    assert not [u for u in record.unseen if "Error" in u.reason]
    return [repr(training) for training in record.trainings] + [record.forwards], sum(entered)


Lane_enter = Lane.enter


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.__name__)
def test_the_short_way_tells_the_same(habit, monkeypatch):
    long, none = told(habit, monkeypatch, short=False)
    short, some = told(habit, monkeypatch, short=True)
    assert none == 0
    assert some >= 20 or habit not in SHORT
    for a, b in zip(long, short, strict=True):
        assert a == b


def test_a_loop_that_stops_clearing_late_is_found_within_thirty_two_steps():
    loop = Loop()
    with Watcher() as watcher:
        for i in range(STEPS):
            loop.step(i, clear=i < 70)
    (training,) = watcher.record.trainings
    assert STEPS - 70 - EVERY - 1 <= training.uncleared_steps <= STEPS - 70
