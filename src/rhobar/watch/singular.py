"""Values at which the derivative of an operation is not finite, read where the graph kept them.

    √x, xᵃ (a < 1) at 0;   arccos x, arcsin x, artanh x, erf⁻¹ x at ±1;   arcosh x at 1;   ln(x/(1−x)) at 0 and 1

The value itself may be finite there: arccos 1 = 0, but d arccos x/dx = −1/√(1−x²).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from rhobar.watch.graph import Node, op_name, saved

__all__ = ["singular_at"]

Reached = Callable[[Tensor], Tensor]

_AT: dict[str, tuple[str, Reached, str]] = {
    "Sqrt": ("result", lambda y: y == 0, "sqrt at 0"),
    "Rsqrt": ("result", torch.isinf, "rsqrt at 0"),
    "Reciprocal": ("result", torch.isinf, "reciprocal of 0"),
    "Acos": ("self", lambda x: x.abs() >= 1, "acos at ±1"),
    "Asin": ("self", lambda x: x.abs() >= 1, "asin at ±1"),
    "Atanh": ("self", lambda x: x.abs() >= 1, "atanh at ±1"),
    "Erfinv": ("self", lambda x: x.abs() >= 1, "erfinv at ±1"),
    "Acosh": ("self", lambda x: x <= 1, "acosh at 1"),
    "Logit": ("self", lambda x: (x <= 0) | (x >= 1), "logit at 0 or 1"),
}
"""Operation → the tensor that its node keeps, where its derivative is not finite, and what that is called."""


def singular_at(node: Node) -> str | None:
    """What an operation met that its derivative is not finite at; ``None`` if nothing shows."""
    name = op_name(node)
    if name == "Pow":
        return _power(node)
    if name not in _AT:
        return None
    slot, reached, what = _AT[name]
    kept = saved(node, slot)
    if name == "Logit" and (saved(node, "eps") or -math.inf) > 0:
        return None
    return what if isinstance(kept, Tensor) and bool(reached(kept).any()) else None


def _power(node: Node) -> str | None:
    """xᵃ at x = 0 for 0 < a < 1, and for a negative a, where the value is infinite, too."""
    exponent, base = saved(node, "exponent"), saved(node, "self")
    if isinstance(exponent, Tensor):
        exponent = float(exponent) if exponent.numel() == 1 else None
    if not isinstance(exponent, int | float) or not isinstance(base, Tensor) or exponent >= 1 or exponent == 0:
        return None
    return f"power {exponent:g} at 0" if bool((base == 0).any()) else None
