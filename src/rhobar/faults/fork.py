"""Work in a fork of this process, where torch is imported already, within a limit of time."""

import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Ended", "in_fork"]

_PAUSE = 0.02
_BY_THE_CLOCK = 10.0


@dataclass(frozen=True)
class Ended:
    """What a child left.

    Attributes:
        result: Text that the work wrote into its file; ``None`` if it did not come to that.
        printed: Its standard output.
        complained: Its standard error.
        seconds: Wall time.
        in_time: Whether it ended by itself, killed neither by us nor by a fault of memory.
    """

    result: str | None
    printed: str
    complained: str
    seconds: float
    in_time: bool


def in_fork(work: Callable[[Path], None], *, seconds: float) -> Ended:
    """Run ``work(file)`` in a child process within a folder of its own.

    Args:
        work: Writes what it has to say into the file; what it prints is put aside.
        seconds: Of its own processor time, after which the child is killed; and after ten times as long by the clock,
            so that a busy machine does not change what a program is said to be.

    Example:
        >>> in_fork(lambda file: file.write_text("six") and None, seconds=5.0).result
        'six'
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        out, begun = folder / "result", time.monotonic()
        child = os.fork()
        if child == 0:
            _in_child(work, folder, out, seconds)
        while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
            if time.monotonic() - begun > _BY_THE_CLOCK * seconds:
                os.kill(child, signal.SIGKILL)
            time.sleep(_PAUSE)
        in_time = not os.WIFSIGNALED(ended[1])
        read = [(folder / n).read_text(errors="replace") if (folder / n).exists() else "" for n in ("out", "err")]
        result = out.read_text(encoding="utf-8") if out.exists() and in_time else None
        return Ended(result, read[0], read[1], time.monotonic() - begun, in_time)


def _in_child(work: Callable[[Path], None], folder: Path, out: Path, seconds: float) -> None:
    """Run the work with its streams in files, and leave without the parent's exit handlers."""
    try:
        most = max(1, round(seconds))
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT), number)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        os.chdir(folder)
        work(out)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
