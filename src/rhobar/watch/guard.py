"""What every listener runs inside: timed, quiet, alone, and with its errors noted rather than raised."""

import time
import traceback
from types import TracebackType
from typing import TypeGuard

from torch import _C, Tensor

from rhobar.record import Unseen
from rhobar.watch.quiet import quiet
from rhobar.watch.schedule import Clock

__all__ = ["Guard"]

MAX_ERRORS = 20
"""After so many contained errors the listeners fall silent: something is wrong with all of them."""
MAX_NOTES = 50


class _Contained:
    """The body of a listener.

    A class, not a generator: it is entered several times at every step.
    """

    __slots__ = ("_guard", "_quiet", "_start", "_what")

    def __init__(self, guard: "Guard", what: str) -> None:
        self._guard, self._what, self._start = guard, what, 0.0

    def __enter__(self) -> bool:
        guard = self._guard
        if guard.busy or guard.errors > MAX_ERRORS:
            return False
        guard.busy = True
        self._start = time.thread_time()
        self._quiet = quiet()
        self._quiet.__enter__()
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not self._start:
            return False
        guard = self._guard
        self._quiet.__exit__(kind, error, trace)
        if isinstance(error, Exception):
            guard.errors += 1
            place = traceback.extract_tb(trace)[-1]
            guard.note(self._what, f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})")
        guard.busy = False
        clock = guard.clock
        clock.spent += time.thread_time() - self._start + clock.per_event
        return isinstance(error, Exception)


class Guard:
    """Keeps what listeners do to themselves: their time, their errors, their own calls of torch.

    Args:
        clock: Gets the time that listeners take.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.unseen: list[Unseen] = []
        self.busy = False
        self.errors = 0

    def contained(self, what: str) -> _Contained:
        """Time the body, keep its errors from the program, and keep it from watching itself."""
        return _Contained(self, what)

    def plain(self, x: object) -> TypeGuard[Tensor]:
        """Whether attributes of x can be looked at outside `contained`: no mode or subclass would notice.

        What a listener does then is counted by `told`, without a look at the clock: a look costs as much.
        """
        return type(x) is Tensor and not self.busy and not _C._len_torch_function_stack()

    def told(self, times: int = 1) -> None:
        """Listeners did next to nothing."""
        self.clock.spent += times * self.clock.per_event

    def note(self, what: str, reason: str) -> None:
        """Say once what was not seen, and why."""
        if len(self.unseen) < MAX_NOTES and all(u.what != what or u.reason != reason for u in self.unseen):
            self.unseen.append(Unseen(what, reason))
