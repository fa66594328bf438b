"""Tracebacks as they would be if nobody watched: without the frames of this package."""

import os
from types import TracebackType

__all__ = ["drop_own_frames"]

# The folder of the code that runs around and inside a script. The rest of rhobar is a library that scripts
# may call: its frames belong into their tracebacks.
_OWN = (os.path.dirname(os.path.abspath(__file__)) + os.sep, "<rhobar")
_IMPORTLIB = "<frozen importlib._bootstrap"


def drop_own_frames(error: BaseException) -> None:
    """Take this package's frames out of the traceback of `error` and of every exception it refers to."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = _without_own(one.__traceback__)
        pending += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            pending += one.exceptions


def _without_own(head: TracebackType | None) -> TracebackType | None:
    kept: list[TracebackType] = []
    entry = head
    while entry is not None:
        if not _file(entry).startswith(_OWN):
            kept.append(entry)
        elif entry.tb_next is None or not _file(entry.tb_next).startswith(_IMPORTLIB):
            # Python hides its import machinery from tracebacks; our loader's frame made it miss a part.
            while kept and _file(kept[-1]).startswith(_IMPORTLIB):
                kept.pop()
        entry = entry.tb_next
    following: TracebackType | None = None
    for entry in reversed(kept):
        entry.tb_next = following
        following = entry
    return following


def _file(entry: TracebackType) -> str:
    return entry.tb_frame.f_code.co_filename
