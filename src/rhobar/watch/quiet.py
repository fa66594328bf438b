"""The state in which rhobar computes: no graph, no autocast, none of the user's function modes, same RNG.

Everything the watcher reads, it reads inside `quiet()`, so that nothing it does can be seen by the program.
"""

import contextlib
from collections.abc import Iterator

import torch

__all__ = ["kept_rng", "quiet"]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Switch off gradients, autocast and torch-function modes for the body."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch._C.DisableTorchFunction())
        stack.enter_context(torch.no_grad())
        for device in ("cpu", "cuda"):
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        yield


@contextlib.contextmanager
def kept_rng() -> Iterator[None]:
    """Restore torch's CPU and CUDA generators after the body."""
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices):
        yield
