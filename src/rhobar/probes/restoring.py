"""Leave a model as it was found."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.parameter import is_lazy

__all__ = ["restored"]


@contextmanager
def restored(model: nn.Module) -> Iterator[None]:
    """Restore modes, buffers, gradients, `requires_grad` and random states on exit, exceptions included.

    Args:
        model: Any module; its devices' generators are restored together with the CPU's.

    Raises:
        ValueError: If a parameter or buffer is not initialised yet.
    """
    if any(is_lazy(value) for value in (*model.parameters(), *model.buffers())):
        raise ValueError("The model has uninitialised (lazy) parameters; run one batch through it first.")
    modules = list(model.modules())
    modes = [module.training for module in modules]
    buffers = [dict(module._buffers) for module in modules]
    values = {id(b): b.detach().clone() for of in buffers for b in of.values() if b is not None}
    params = [(p, p.requires_grad, p.grad) for p in model.parameters()]
    gpus = {p.device for p, *_ in params if p.device.type == "cuda"}
    try:
        with torch.random.fork_rng(sorted(gpus, key=str)):
            yield
    finally:
        for module, mode, of in zip(modules, modes, buffers, strict=True):
            module.training = mode
            module._buffers.clear()
            module._buffers.update(of)
            with torch.no_grad():
                for buffer in of.values():
                    if buffer is not None:
                        buffer.copy_(values[id(buffer)])
        for p, requires_grad, grad in params:
            p.requires_grad_(requires_grad)
            p.grad = grad
