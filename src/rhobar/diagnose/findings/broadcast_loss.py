"""Prediction and target differ in shape and silently broadcast.

## What it does
Fires when the loss spread prediction and target to a shape larger than either: (n, 1) against (n,)
becomes (n, n).

## Why it harms
Every prediction is compared with every target of the batch; the best answer is then the same constant for
all rows.

## Threshold
Exact: more elements after broadcasting than prediction and target have. A target that is spread over the
prediction (one number, one template) is legitimate, and so are pairwise distances of a hand-written loss,
whose axes are inserted on both sides.

## Known false alarms
None known.

## Example
`F.mse_loss(model(x), y)` with shapes (64, 1) and (64,)

## Remedy
Give both the same shape.

## References
PyTorch documentation, Broadcasting semantics.
"""

import math

from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, LossFacts, Record, Remedy, Training

__all__ = ["broadcast_loss"]


@rule(
    "broadcast-loss",
    kind="cause",
    why="Each prediction is compared with every target of the batch, so the best a network can do "
    "is answer their mean.",
    remedy=Remedy("Give prediction and target the same shape.", "loss = loss_fn(model(x).squeeze(-1), y)"),
    explains=(
        "not-learning",
        "underfitting",
        "uninformative-labels",
        "too-little-capacity",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "too-few-epochs",
        "vanishing-gradient",
        "class-imbalance",
        "dead-units",
        "rank-collapse",
        "excessive-regularization",
        "batch-size-misfit",
        "unscaled-targets",
        "overfitting",
        "missing-nonlinearity",
    ),
    references=("PyTorch documentation, Broadcasting semantics",),
)
def broadcast_loss(training: Training, record: Record) -> Outcome:
    """Fire if the loss spread prediction and target to more elements than either has."""
    loss = training.loss
    if loss is None:
        return unchecked("broadcast-loss", "the loss was not seen")
    if loss.broadcast is None or _deliberate(loss):
        return None
    terms, rows = math.prod(loss.broadcast), math.prod(loss.output_shape)
    target = f"target {loss.target_shape}" if loss.target_shape is not None else "target"
    return Seen(
        summary=f"Prediction {loss.output_shape} and {target} broadcast to {loss.broadcast}: "
        f"{terms} terms instead of {rows}.",
        severity=0.95,
        confidence=0.99,
        where=(loss.output_layer,) if loss.output_layer else (),
        evidence=(Evidence("terms of the loss per prediction", terms / max(rows, 1), 1.0),),
    )


def _deliberate(loss: LossFacts) -> bool:
    if loss.broadcast is None or loss.target_shape is None or loss.target_shape == loss.broadcast:
        return False
    size = max(math.prod(loss.output_shape), math.prod(loss.target_shape))
    pairwise = loss.kind == "custom" and len(loss.output_shape) == len(loss.target_shape)
    return math.prod(loss.broadcast) <= size or pairwise
