"""Where an activation's slope is below 1 % of its largest, seen from its output.

    sigmoid     4 y (1 − y) < 0.01            tanh        1 − y² < 0.01           softsign  (1 − |y|)² < 0.01
    hard ones   y at either end               ReLU6       y at 6 (zeros are counted as zeros)

One-sided activations such as ReLU, whose slope is zero where y is, have dead units instead.

Textbook: A20
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn

__all__ = ["saturation"]

SHARE = 0.01

_RULES: dict[type[nn.Module], Callable[[Any, Tensor], Tensor]] = {
    nn.Sigmoid: lambda _, y: 4 * y * (1 - y) < SHARE,
    nn.Tanh: lambda _, y: 1 - y.square() < SHARE,
    nn.Softsign: lambda _, y: (1 - y.abs()).square() < SHARE,
    nn.Hardtanh: lambda m, y: (y <= m.min_val) | (y >= m.max_val),
    nn.Hardsigmoid: lambda _, y: (y <= 0) | (y >= 1),
    nn.ReLU6: lambda _, y: y >= 6,
}


def saturation(module: nn.Module) -> Callable[[Tensor], Tensor] | None:
    """Return what tells of outputs of an activation whether they are saturated; `None` if none is, or it is not known.

    Example:
        >>> import torch
        >>> saturation(nn.Tanh())(torch.tensor([0.0, 0.999])).tolist()
        [False, True]
    """
    rule = _RULES.get(type(module))
    return None if rule is None else partial(rule, module)
