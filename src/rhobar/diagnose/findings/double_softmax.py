"""Probabilities are handed to a loss that expects logits.

## What it does
Looks at the operations between the last linear map and the loss. Fires when a softmax or sigmoid output
enters a loss that applies its own: softmax → cross-entropy, sigmoid → binary cross-entropy with logits.

## Why it harms
softmax(p) of probabilities p ∈ [0, 1] can never be sharper than e/(e + K − 1) for K classes: the loss cannot
approach 0 and its gradient is multiplied by the softmax's Jacobian, whose entries are at most 1/4.

## Known false alarms
None known: log_softmax before cross-entropy is idempotent and does not fire.

## Example
`nn.CrossEntropyLoss()(logits.softmax(1), y)`

## Remedy
Hand the logits to the loss; apply softmax only where probabilities are shown.

## References
Bridle (1990), Probabilistic interpretation of feedforward classification network outputs.
"""

import math

from rhobar.diagnose.progress import progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["double_softmax"]

_SQUASHING = ("softmax", "sigmoid")


@rule(
    "double-softmax",
    kind="cause",
    why="The loss applies its own softmax or sigmoid; fed with probabilities it cannot fall to zero, "
    "and its gradient shrinks by the Jacobian of the extra one.",
    remedy=Remedy(
        "Hand the raw outputs (logits) to the loss.",
        "loss = F.cross_entropy(logits, targets)  # no softmax before it",
    ),
    explains=(
        "not-learning",
        "underfitting",
        "vanishing-gradient",
        "saturated-units",
        "learning-rate-too-low",
        "too-little-capacity",
    ),
    references=("Bridle (1990), Probabilistic interpretation of feedforward classification network outputs",),
)
def double_softmax(training: Training, record: Record) -> Outcome:
    """Fire if the loss squashes what was squashed already."""
    loss = training.loss
    if loss is None or loss.kind == "custom":
        return unchecked("double-softmax", "the loss is hand-written, its expected input is unknown")
    wants_logits = loss.kind in ("cross_entropy", "soft_cross_entropy", "bce_with_logits")
    if not wants_logits or not loss.link or loss.link[0] not in _SQUASHING:
        return None
    classes = loss.output_shape[1] if len(loss.output_shape) > 1 else 1
    floor = math.log1p((classes - 1) / math.e) if loss.kind != "bce_with_logits" else math.log1p(1 / math.e)
    course = progress(training)
    end = course.end if course else math.nan
    return Seen(
        summary=f"The output passes through {loss.link[0]} before {loss.kind.replace('_', ' ')}, "
        f"so the loss cannot fall below {floor:.2f}; it ended at {end:.2f}.",
        severity=0.9,
        confidence=0.99,
        where=(loss.output_layer,) if loss.output_layer else (),
        evidence=(
            Evidence("lowest reachable loss", floor, 0.0, "nats"),
            Evidence("training loss at the end", end, floor, "nats"),
        ),
    )
