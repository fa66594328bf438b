"""Run a script as `python SCRIPT ARGS` would, and be there when it has ended.

What a script can see of its interpreter is the same: `sys.argv`, `sys.path`, the module `__main__`, what is
printed for an exception, the exit code, the order of threads and exit handlers. Two things differ:
`sys._getframe` reaches further out than the script, and a Ctrl-C that ends it skips the destruction of its
global objects.

Nothing here imports torch: the script may set variables that torch reads once, at its import.

Reference: `pymain_run_python` and `Py_FinalizeEx` of CPython.
"""

import atexit
import builtins
import io
import os
import pkgutil
import runpy
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader, SourcelessFileLoader
from types import CodeType, ModuleType
from typing import NoReturn

from rhobar.watch.frames import drop_own_frames

__all__ = ["Ending", "run_script"]

_INTERRUPTED = 128 + signal.SIGINT


@dataclass(frozen=True)
class Ending:
    """How a script ended.

    Attributes:
        code: The exit code that python would give.
        exception: What the script raised and did not catch; `None` if it ran through or called `sys.exit`.
        interrupted: Whether it was a `KeyboardInterrupt`, after which the shell must see a death by SIGINT.
    """

    code: int
    exception: BaseException | None = None
    interrupted: bool = False

    def leave(self, code: int | None = None) -> NoReturn:
        """End this process as the script would have, or with another exit code.

        Raises:
            SystemExit: Always, unless the script was interrupted: then the process ends here.
        """
        if code is None and self.interrupted:
            _die_of_interrupt()
        raise SystemExit(self.code if code is None else code)


def run_script(path: str, args: Sequence[str], *, on_end: Callable[[Ending], object]) -> Ending:
    """Run the script (or folder or zip file with a `__main__.py`) at `path` as the module `__main__`.

    The interpreter is the script's from here on; the only thing left to do with it is `Ending.leave`.

    Args:
        path: The script, as it would be given to python.
        args: Its arguments, `sys.argv[1:]`.
        on_end: Called once when the script has ended in whatever way, its exception is printed and its
            threads are joined, and before its exit handlers run; with `sys.path` as it was before. What it
            raises is printed as one line and goes no further. It is not called if there is no such script.

    Returns:
        How the script ended; does not return in processes that the script forked: they leave at once.
    """
    process, path_before = os.getpid(), sys.path.copy()
    try:
        run = _prepare(path, args)
    except OSError as error:
        reason = f"[Errno {error.errno}] {error.strerror}"
        _write(f"rhobar: can't open file {_absolute(path)!r}: {reason}\n")
        return Ending(2, error)
    raised: BaseException | None = None
    try:
        run()
    except BaseException as error:
        raised = error
    ending = _report(raised)  # outside the handler, so that exceptions raised from here on have no context
    raised = None
    _flush()
    if os.getpid() != process:
        ending.leave()
    _join_threads()
    _flush()
    _contained(on_end, ending, path_before)
    _flush()
    return ending


def _prepare(path: str, args: Sequence[str]) -> Callable[[], None]:
    """Set the interpreter up for the script and return what runs it."""
    is_archive = pkgutil.get_importer(path) is not None
    file = _absolute(path)
    if not is_archive:
        source = _read(file)
    sys.argv[:] = [path, *args]
    sys.orig_argv[1:] = [path, *args]
    if getattr(sys.excepthook, "__module__", "").partition(".")[0] in ("typer", "rhobar"):
        sys.excepthook = sys.__excepthook__
    folder = file if is_archive else os.path.dirname(os.path.realpath(file))
    if not sys.flags.safe_path and sys.path:
        sys.path[0] = folder
    elif is_archive:
        sys.path.insert(0, folder)
    main = ModuleType("__main__")
    names = vars(main)
    if sys.version_info < (3, 14):
        names["__annotations__"] = {}
    names["__builtins__"] = builtins
    sys.modules["__main__"] = main
    if is_archive:
        return lambda: runpy._run_module_as_main("__main__", alter_argv=False)  # type: ignore[attr-defined]
    compiled = file.endswith(".pyc")
    loader = (SourcelessFileLoader if compiled else SourceFileLoader)("__main__", file)
    names.update(__loader__=loader, __file__=file, __cached__=None)

    def run() -> None:
        exec(_code(source, file, compiled), names)

    return run


def _absolute(path: str) -> str:
    return os.path.join(os.getcwd(), path)  # not normalised: python's is not either


def _read(file: str) -> bytes:
    with io.open_code(file) as stream:
        return stream.read()


def _code(source: bytes, file: str, compiled: bool) -> CodeType:
    if compiled:
        code = SourcelessFileLoader("__main__", file).get_code("__main__")
        if code is None:
            raise ImportError(f"{file} holds no code.")
        return code
    return compile(source, file, "exec", dont_inherit=True)


def _report(raised: BaseException | None) -> Ending:
    """Print what python would print for an exception that nothing caught."""
    if raised is None:
        return Ending(0)
    if isinstance(raised, SystemExit):
        return Ending(_exit_code(raised))
    drop_own_frames(raised)
    sys.last_type, sys.last_value, sys.last_traceback = type(raised), raised, raised.__traceback__
    if sys.version_info >= (3, 12):
        sys.last_exc = raised
    interrupted = type(raised) is KeyboardInterrupt
    code = _INTERRUPTED if interrupted else 1
    again = _call_excepthook(raised)
    if isinstance(again, SystemExit):
        code, interrupted = _exit_code(again), False
    return Ending(code, raised, interrupted)


def _exit_code(leaving: SystemExit) -> int:
    code = leaving.code
    if code is None:
        return 0
    if isinstance(code, int):
        return int(code)
    _flush()
    _write(f"{code}\n", even_without_stream=True)
    return 1


def _call_excepthook(raised: BaseException) -> BaseException | None:
    """Hand the exception to `sys.excepthook`, which may be the script's own; return what that raises."""
    hook = getattr(sys, "excepthook", None)
    if hook is None:
        _write("sys.excepthook is missing\n")
        hook = sys.__excepthook__
    again: BaseException | None = None
    try:
        hook(type(raised), raised, raised.__traceback__)
    except BaseException as error:
        again = error
    if again is not None and not isinstance(again, SystemExit):
        drop_own_frames(again)
        _write("Error in sys.excepthook:\n")
        sys.__excepthook__(type(again), again, again.__traceback__)
        _write("\nOriginal exception was:\n")
        sys.__excepthook__(type(raised), raised, raised.__traceback__)
    return again


def _join_threads() -> None:
    """Wait for the script's threads as the interpreter does at its end; the second call does nothing.

    Joining them one by one would wait for ever for the workers of an executor, which end only when told that
    the main thread has.
    """
    try:
        threading._shutdown()  # type: ignore[attr-defined]
    except BaseException as error:
        drop_own_frames(error)
        frames = "".join(traceback.format_tb(error.__traceback__))
        _write(
            f"Exception ignored in: {threading!r}\nTraceback (most recent call last):\n{frames}"
            f"{type(error).__name__}: {error}\n"
        )


def _contained(on_end: Callable[[Ending], object], ending: Ending, path: list[str]) -> None:
    """Do our own work; what lies beside the script must not be mistaken for the modules we import for it."""
    path_after, sys.path = sys.path, path
    try:
        on_end(ending)
    except BaseException as error:
        detail = f": {error}" if str(error) else ""
        _write(f"rhobar: the work after the script broke off with {type(error).__name__}{detail}\n")
    finally:
        sys.path = path_after


def _die_of_interrupt() -> NoReturn:
    """Do what is left of the interpreter's end, then die of SIGINT, so that a shell stops its loop too."""
    _join_threads()
    with suppress(BaseException):
        atexit._run_exitfuncs()
    _flush()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)
    os._exit(_INTERRUPTED)  # the signal is blocked, or this is process 1 of a container


def _write(text: str, *, even_without_stream: bool = False) -> None:
    with suppress(Exception):
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()
        elif even_without_stream:
            os.write(2, text.encode())


def _flush() -> None:
    for stream in (sys.stderr, sys.stdout):
        if stream is not None:
            with suppress(Exception):  # a reader that went away, a stream that the script closed
                stream.flush()
