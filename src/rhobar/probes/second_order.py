"""Kernels that can be differentiated twice, and a model that is ready for it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from rhobar.linalg.products import differentiable_twice

__all__ = ["eager", "once_differentiable", "twice_differentiable"]


def eager(model: nn.Module) -> nn.Module:
    """Return what `torch.compile` wrapped: compiled graphs have no second derivative."""
    original: nn.Module = getattr(model, "_orig_mod", model)
    return original


@contextmanager
def twice_differentiable(model: nn.Module) -> Iterator[None]:
    """Choose kernels that have a second derivative; fused attention and cuDNN's recurrent ones have none."""
    recurrent = any(isinstance(module, nn.RNNBase) for module in model.modules())
    cudnn = torch.backends.cudnn.flags(enabled=torch.backends.cudnn.enabled and not recurrent)
    with differentiable_twice(), cudnn:
        yield


@contextmanager
def once_differentiable() -> Iterator[None]:
    """Record the graph, whatever the caller's mode; any kernel will do."""
    with torch.inference_mode(False), torch.enable_grad():
        yield
