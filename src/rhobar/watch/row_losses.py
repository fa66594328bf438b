"""The loss of each row of an evaluation, so that a change of its mean has an error bar.

    v(θ) = mean_i ℓ_i(θ),   stderr(v(θ') − v(θ)) = std_i(ℓ_i(θ') − ℓ_i(θ)) / √n

Rows that come in the same order at both looks are paired, which takes what is hard about a row out of the difference.
In another order the same formula adds the two variances, as it should.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from rhobar.watch.hooks import LossCall

__all__ = ["RowLosses", "Rows", "row_losses"]

_BY_ROW = frozenset(
    [
        "cross_entropy",
        "nll_loss",
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
        "mse_loss",
        "l1_loss",
        "smooth_l1_loss",
        "huber_loss",
    ]
)
"""Losses whose mean is that of their rows, where no weights are given."""
MOST = 256
"""Rows of a batch that are kept, evenly spread."""
MOST_BATCHES = 64
FEWEST = 8


class Rows(NamedTuple):
    """Losses of some rows of a batch, and how many rows it has."""

    losses: Tensor
    of: int


def row_losses(call: LossCall) -> Rows | None:
    """Losses of some rows of an evaluation's call; ``None`` if its value is no mean over rows."""
    prediction, target = call.input, call.target
    weights = (call.kwargs.get("weight"), *call.args[2:])  # nn.BCEWithLogitsLoss hands them over by their place
    if call.function.__name__ not in _BY_ROW or any(w is not None for w in weights):
        return None
    if not (isinstance(prediction, Tensor) and isinstance(target, Tensor)) or prediction.ndim == 0 or not target.ndim:
        return None
    num_rows = prediction.shape[0]
    if target.shape[0] != num_rows or num_rows == 0:
        return None
    kwargs = {
        k: v for k, v in call.kwargs.items() if k not in ("input", "target", "reduction", "size_average", "reduce")
    }
    step = -(-num_rows // MOST)
    each = call.function(prediction[::step], target[::step], **kwargs, reduction="none")
    return Rows(each.detach().reshape(each.shape[0], -1).mean(1).float().cpu(), num_rows)


class RowLosses:
    """For each set that is evaluated, the losses of its rows at the best look so far."""

    def __init__(self) -> None:
        self._best: dict[str, tuple[float, Tensor]] = {}

    def change(self, source: str, loss: float, parts: list[Rows | None]) -> tuple[float, float] | None:
        """Standard errors of a look's mean loss, and of its difference to the best look before it.

        Args:
            source: Which set.
            loss: Mean loss at this look.
            parts: Losses of rows of each batch.
        """
        kept = [part for part in parts if part is not None][:MOST_BATCHES]
        if not kept or len(kept) < min(len(parts), MOST_BATCHES) or not math.isfinite(loss):
            return None
        rows, num_rows = torch.cat([part.losses for part in kept]), sum(part.of for part in parts if part)
        if len(rows) < FEWEST:
            return None
        best, before = self._best.get(source, (math.inf, rows))
        if loss < best:
            self._best[source] = loss, rows
        stderr = float(rows.std()) / math.sqrt(num_rows)
        if len(before) != len(rows):
            return stderr, math.hypot(stderr, float(before.std()) / math.sqrt(num_rows))
        return stderr, float((rows - before).std()) / math.sqrt(num_rows)
