"""Where in the user's code a call came from: frames of torch and rhobar are passed over."""

import os
import sys
from types import FrameType

import torch

__all__ = ["Site", "call_path", "call_site"]

Site = tuple[int, int]

_SKIP = (os.path.dirname(torch.__file__), os.path.dirname(os.path.dirname(__file__)), "<frozen", "<rhobar")


def _user_frame(frame: FrameType | None) -> FrameType | None:
    while frame is not None and frame.f_code.co_filename.startswith(_SKIP):
        frame = frame.f_back
    return frame


def call_site(depth: int = 1) -> Site:
    """(code, line) of the nearest frame of the user's program."""
    frame = _user_frame(sys._getframe(depth))
    return (id(frame.f_code), frame.f_lineno) if frame is not None else (0, 0)


def call_path(depth: int = 1, *, limit: int = 6) -> tuple[Site, ...]:
    """Sites of the nearest `limit` frames of the user's program, innermost first."""
    path: list[Site] = []
    frame = _user_frame(sys._getframe(depth))
    while frame is not None and len(path) < limit:
        path.append((id(frame.f_code), frame.f_lineno))
        frame = _user_frame(frame.f_back)
    return tuple(path)
