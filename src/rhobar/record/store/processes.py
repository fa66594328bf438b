"""Whether the process that wrote a run is still there."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["alive", "birth"]


def birth(pid: int) -> int | None:
    """When a process began, in ticks since the machine did; None where the system does not say.

    A process id is given again after a while; together with this number it is not.

    Reference: proc(5), field 22 of ``/proc/PID/stat``, counted behind the name in parentheses.
    """
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid:d}/stat").read_bytes().rpartition(b")")[2].split()[19])
    return None


def alive(pid: object, born: object) -> bool:
    """Whether the process `pid` that began at `born` still runs on this machine.

    Example:
        >>> alive(os.getpid(), birth(os.getpid())), alive(-1, None), alive("1; DROP TABLE", None)
        (True, False, False)
    """
    if not isinstance(pid, int) or not 0 < pid < 1 << 31:
        return False
    if born is not None:
        return birth(pid) == born
    with suppress(OSError):
        os.kill(pid, 0)
        return True
    return False
