"""The state in which rhobar computes: no graph, no autocast, none of the user's function modes, same RNG.

Everything the watcher reads, it reads inside `quiet()`, so that nothing it does can be seen by the program.
"""

import contextlib
import io
import random
import sys
import warnings
from collections.abc import Iterator
from types import TracebackType

import numpy as np
import torch
from torch import _C
from torch.utils._python_dispatch import _disable_current_modes

__all__ = ["kept_rng", "quiet", "unheard"]


class quiet:
    """Switch off gradients, autocast, torch-function and dispatch modes for the body.

    Entered several times at every step: what is off already costs no more than a look.
    """

    __slots__ = ("_function", "_grad", "_rare")

    def __enter__(self) -> None:
        self._function = _C.DisableTorchFunction()
        self._function.__enter__()
        self._rare = _rare_modes_off() if _C._len_torch_dispatch_stack() or _C._is_any_autocast_enabled() else None
        self._grad = torch.is_grad_enabled()
        if self._grad:
            _C._set_grad_enabled(False)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._grad:
            _C._set_grad_enabled(True)
        if self._rare is not None:
            self._rare.close()
        self._function.__exit__(kind, error, trace)


def _rare_modes_off() -> contextlib.ExitStack:
    """Dispatch modes and autocast switched off until the stack is closed."""
    with contextlib.ExitStack() as stack:
        if _C._len_torch_dispatch_stack():
            stack.enter_context(_disable_current_modes())
        for device in ("cpu", "cuda"):
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        return stack.pop_all()


@contextlib.contextmanager
def kept_rng() -> Iterator[None]:
    """Restore the generators of torch (CPU and CUDA), NumPy and Python after the body."""
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Run the program's own code again so that nothing is printed, warned of or drawn at random."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(kept_rng())
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        if "torch._dynamo" in sys.modules:  # compiled again for a copy, the program's own code might not be any more
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        yield
