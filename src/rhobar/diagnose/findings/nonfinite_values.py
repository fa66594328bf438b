"""The first NaN or infinity: at which step, in which module, from which operation, and what fed it.

## What it does
Reports the first non-finite value that the watcher met, or the first non-finite loss.

## Why it harms
NaN spreads: one NaN in the loss makes every gradient, and after one step every weight, NaN.

## Known false alarms
Mixed precision overflows a few gradients on purpose and skips those steps, and attention masks hold −∞. So a
non-finite input, gradient or activation counts only if the loss was hit too, or the training fell short and
(for an activation) the operation's own inputs were finite.

## Threshold
None: the loss of a healthy training is finite.

## Example
`torch.log(p)` with p = 0.

## Remedy
By origin: see the cause listed above it.

## References
Goldberg (1991), What every computer scientist should know about floating-point arithmetic.
"""

import math

from rhobar.diagnose.progress import progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import Evidence, Nonfinite, Record, Remedy, Training

__all__ = ["nonfinite_values"]

_ALWAYS_WRONG = ("parameter", "loss")
_WRONG_WITH_HARM = ("input", "target", "backward")


@rule(
    "nonfinite-values",
    kind="symptom",
    why="A NaN spreads to every gradient and, after one step, to every weight.",
    remedy=Remedy(
        "Repair the operation in which it was born; stop at the first one instead of training on.",
        "torch.autograd.set_detect_anomaly(True)",
    ),
    explains=("not-learning", "underfitting", "loss-spike"),
    references=("Goldberg (1991), What every computer scientist should know about floating-point arithmetic",),
)
def nonfinite_values(training: Training, record: Record) -> Outcome:
    """Fire on a non-finite loss, or on a non-finite value that can have done harm."""
    course = progress(training)
    lost = [step for step, loss in enumerate(training.losses) if not math.isfinite(loss)]
    first = training.nonfinite
    if course is None and first is None:
        return unchecked("nonfinite-values", "no loss was seen")
    harmed = course is not None and fell_short(training, course)
    if not lost and (first is None or not _harmful(first, harmed)):
        return None
    recovered = course is not None and not harmed
    share = len(lost) / len(training.losses) if training.losses else 0.0
    return Seen(
        summary=_sentence(first, lost, len(training.losses)),
        severity=0.4 if recovered else 1.0,
        confidence=1.0,
        where=(first.where,) if first and first.where else (),
        evidence=(Evidence("share of non-finite losses", share, 0.0),),
    )


def _harmful(first: Nonfinite, harmed: bool) -> bool:
    if first.phase in _ALWAYS_WRONG:
        return True
    return harmed and (first.phase in _WRONG_WITH_HARM or first.born)


def _sentence(first: Nonfinite | None, lost: list[int], num_losses: int) -> str:
    losses = f"{len(lost)} of {num_losses} losses are not finite" + (f", from step {lost[0]} on" if lost else "")
    if first is None:
        return f"{losses}."
    origin = "was born there from finite inputs" if first.born else "came in from what fed it"
    detail = f" ({first.detail})" if first.detail else ""
    scale = f" at loss scale {first.loss_scale:g}" if first.loss_scale is not None else ""
    return (
        f"The first non-finite value appeared at step {first.step}{scale} in {first.where or 'the graph'} "
        f"({first.phase}, {first.operation}) and {origin}{detail}{_rows(first)}; {losses}."
    )


def _rows(first: Nonfinite) -> str:
    if first.num_rows is None or not first.batch:
        return ""
    if not first.rows:
        return f", in all {first.batch} rows of the batch"
    named = ", ".join(map(str, first.rows[:5])) + (", …" if first.num_rows > 5 else "")
    return f", in row{'s' if first.num_rows > 1 else ''} {named} of the batch's {first.batch}"
