"""The state in which rhobar computes: no graph, no autocast, none of the user's function modes, same RNG.

Everything the watcher reads, it reads inside `quiet()`, so that nothing it does can be seen by the program.
"""

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch
from torch.utils._python_dispatch import _disable_current_modes

__all__ = ["kept_rng", "quiet"]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Switch off gradients, autocast, torch-function and dispatch modes for the body."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch._C.DisableTorchFunction())
        if torch._C._len_torch_dispatch_stack():
            stack.enter_context(_disable_current_modes())
        stack.enter_context(torch.no_grad())
        for device in ("cpu", "cuda"):
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        yield


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
