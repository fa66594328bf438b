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

    Inside, the model works on copies of its buffers: a graph that is kept beyond the exit may hold them.

    Args:
        model: Any module; its devices' generators are restored together with the CPU's.

    Raises:
        ValueError: If a parameter or buffer is not initialised yet.
    """
    modules = list(model.modules())
    owned = {id(p): p for module in modules for p in module._parameters.values() if p is not None}
    if any(is_lazy(value) for value in owned.values()) or any(
        b is not None and is_lazy(b) for m in modules for b in m._buffers.values()
    ):
        raise ValueError("The model has uninitialised (lazy) parameters; run one batch through it first.")
    modes = [module.training for module in modules]
    buffers = [dict(module._buffers) for module in modules]
    found = {id(b): b for of in buffers for b in of.values() if b is not None}
    values = {key: b.detach().clone() for key, b in found.items()}
    versions = {key: b._version for key, b in found.items() if not b.is_inference()}
    params = [(p, p.requires_grad, p.grad) for p in owned.values()]
    gpus = {p.device for p, *_ in params if p.device.type == "cuda"}
    copies = {key: value.clone() for key, value in values.items()}
    try:
        for module, of in zip(modules, buffers, strict=True):
            module._buffers.update({name: None if b is None else copies[id(b)] for name, b in of.items()})
        with torch.random.fork_rng(sorted(gpus, key=str)):
            yield
    finally:
        for module, mode, of in zip(modules, modes, buffers, strict=True):
            module.training = mode
            module._buffers.clear()
            module._buffers.update(of)
        with torch.no_grad():
            for key, buffer in found.items():
                if key in versions and buffer._version != versions[key]:  # changed through another name for it
                    buffer.copy_(values[key])
        for p, requires_grad, grad in params:
            p.requires_grad_(requires_grad)
            p.grad = grad
