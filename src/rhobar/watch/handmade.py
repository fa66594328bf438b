"""A loss spelled out by hand, as the call of torch's function that gives the same number.

What the graph shows of a hand-written loss is its kind, its prediction and its target. The call is trusted only if its
value is that of the loss, but for the factor of a sum, a half or an accumulated batch.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

# As they are before anything is put around them.
from torch.nn.functional import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    l1_loss,
    mse_loss,
)

from rhobar.watch.graph import VIEWS
from rhobar.watch.hooks import LossCall
from rhobar.watch.loss import LossTrace
from rhobar.watch.loss_term import LossTerm

__all__ = ["handmade_call", "target_left_by"]

_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "mse": mse_loss,
    "l1": l1_loss,
    "bce": binary_cross_entropy,
    "bce_with_logits": binary_cross_entropy_with_logits,
    "cross_entropy": cross_entropy,
}
_VALUES: dict[str, Callable[..., Tensor]] = {
    **_FUNCTIONS,
    "mse": lambda x, y: (x - y).square().mean(),  # torch's own warn where shapes differ, once a place
    "l1": lambda x, y: (x - y).abs().mean(),
}
_TOLERANCE = 1e-3
LOST = 1e4
"""Output over target from which less than three digits of a float32 difference are right."""
_MOST_PARTS = 64
"""Batches that one step may be accumulated from."""


def handmade_call(trace: LossTrace, loss: Tensor) -> LossCall | None:
    """Return the call, its value being the loss; `None` if no standard function gives this number."""
    term = trace.main
    if term is None or len(trace.terms) != 1 or loss.numel() != 1:
        return None
    function, prediction, target = _FUNCTIONS.get(term.kind), term.prediction_value, term.target
    if function is None or prediction is None:
        return None
    if target is None:
        target = target_left_by(term)
    if target is None or prediction.is_nested or target.is_nested:
        return None
    if term.kind == "cross_entropy":
        target = target.reshape(-1)
    elif term.broadcast is None and target.numel() == prediction.numel():
        target = target.reshape(prediction.shape)
    x, y = prediction.detach(), target.detach()
    try:
        with torch.no_grad():
            value = float(_VALUES[term.kind](x, y))
    except (RuntimeError, ValueError, IndexError, TypeError):
        return None
    wide = math.prod(torch.broadcast_shapes(x.shape, y.shape)) if term.kind != "cross_entropy" else y.numel()
    if not _same_but_for_a_factor(float(loss.detach()), value, wide, x.shape[0] if x.ndim else 1):
        return None
    return LossCall(function, (prediction, target), {}, loss)


def target_left_by(term: LossTerm) -> Tensor | None:
    """The y of a residual f − y, where f is known but for its shape; also where (B, 1) met (B,), and each row is y."""
    value, residual = term.prediction_value, term.residual
    if value is None or residual is None or not VIEWS.issuperset(term.passed):
        return None
    f = value.detach()
    if f.numel() == 0 or not bool(torch.isfinite(f).all()):
        return None
    if f.numel() == residual.numel():
        y = f.reshape(residual.shape) - residual
        # The difference is known to a rounding error of f; of an output that exploded nothing is left.
        return y if bool(f.abs().max() <= LOST * y.abs().max().clamp_min(1.0)) else None
    if term.broadcast is None:
        return None
    full = f - residual
    y = full[0]
    scale = float(y.abs().max()) if y.numel() else 0.0
    return y if bool((full - y).abs().max() <= 1e-5 * max(scale, 1.0)) else None


def _same_but_for_a_factor(loss: float, value: float, elements: int, rows: int) -> bool:
    if not (math.isfinite(loss) and math.isfinite(value)):
        return False
    factors = {a * b for a in (1.0, 0.5, 2.0) for b in (1.0, float(elements), float(rows), elements / max(rows, 1))}
    factors |= {1 / k for k in range(2, _MOST_PARTS + 1)}
    return any(abs(loss - factor * value) <= _TOLERANCE * abs(loss) + 1e-12 for factor in factors)
