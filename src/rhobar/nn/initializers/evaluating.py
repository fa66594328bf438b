"""Run a model in evaluation mode, and leave every module in the mode in which it was."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

__all__ = ["evaluating"]


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Set evaluation mode within the block; afterwards each module has its own mode again, also after an error.

    Example:
        >>> net = nn.Sequential(nn.Dropout())
        >>> with evaluating(net):
        ...     print(net[0].training)
        False
        >>> net[0].training
        True
    """
    modes = {m: m.training for m in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for m, mode in modes.items():
            m.training = mode
