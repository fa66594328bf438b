"""Where in the user's code a call came from: frames of torch and rhobar are passed over."""

import functools
import os
import sys
from itertools import islice
from types import CodeType, FrameType

import torch

__all__ = ["Place", "Site", "call_path", "call_site"]

Site = tuple[int, int]
Place = tuple[int, int, int]
"""Code, line and column: two calls of one line are two places."""

_SKIP = (os.path.dirname(torch.__file__), os.path.dirname(os.path.dirname(__file__)), "<frozen", "<rhobar")


class _Skipped(dict[str, bool]):
    """Whether a file's frames are passed over, worked out once for each."""

    def __missing__(self, file: str) -> bool:
        skip = self[file] = file.startswith(_SKIP)
        return skip


_skipped = _Skipped()


def _user_frame(frame: FrameType | None) -> FrameType | None:
    while frame is not None and _skipped[frame.f_code.co_filename]:
        frame = frame.f_back
    return frame


def call_site(depth: int = 1) -> Site:
    """(code, instruction) of the nearest frame of the user's program; to look up its line would take far longer."""
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None:
        code = frame.f_code
        if not _skipped[code.co_filename]:
            return id(code), frame.f_lasti
        frame = frame.f_back
    return 0, 0


def call_path(depth: int = 1, *, limit: int = 6) -> tuple[Place, ...]:
    """Places of the nearest `limit` frames of the user's program, innermost first."""
    path: list[Place] = []
    frame = _user_frame(sys._getframe(depth))
    while frame is not None and len(path) < limit:
        path.append((id(frame.f_code), frame.f_lineno, _column(frame.f_code, frame.f_lasti)))
        frame = _user_frame(frame.f_back)
    return tuple(path)


@functools.lru_cache(maxsize=1024)
def _column(code: CodeType, instruction: int) -> int:
    """Where in its line a call stands; −1 if the program was compiled without columns.

    The instruction itself does not tell: once the interpreter has specialised a call, it shows a neighbouring one.
    """
    _, _, column, _ = next(islice(code.co_positions(), instruction // 2, None), (None, None, None, None))
    return -1 if column is None else column
