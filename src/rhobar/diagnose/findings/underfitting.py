"""The training loss ends far above what a simple model reaches on rows it never saw.

## What it does
Turns the label probe's held-out score into a loss and compares it with the net's own training loss, in eval
mode where that is known (dropout inflates the other).

## Why it harms
A net that is worse on its own training rows than a linear or nearest-neighbour model on others is not short
of data; its optimisation or its structure fails.

## Known false alarms
A smoothed or weighted loss has a floor above 0; the margin allows for it.

## Threshold
The probe's score, lowered by two standard errors, stands for the loss −a ln a − (1 − a) ln((1 − a)/(K − 1))
(classes) or L₀(1 − R²) (real targets). The net must miss it by a fifth of the constant answer's loss L₀ and
by two standard errors of its own: label smoothing of 0.1 raises the floor by about 0.3 nats, an eighth of ln
10, and dropout at 0.5 by less. It must also explain under half of L₀.

## Example
One hidden unit for ten classes.

## Remedy
See the causes above it; else more width, a higher rate, more epochs.

## References
Goodfellow, Bengio & Courville (2016), Deep Learning, §5.2.
"""

import math

from rhobar.diagnose.progress import MIN_STEPS, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import at_rest, baseline_loss, judgeable
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["underfitting"]

_MARGIN = 0.2


@rule(
    "underfitting",
    kind="symptom",
    why="A simple model does better on new rows than the net on its own training rows: there is signal that it misses.",
    remedy=Remedy("Raise capacity, learning rate or the number of epochs, in the order the causes suggest."),
    explains=(),
    references=("Goodfellow, Bengio & Courville (2016), Deep Learning, §5.2",),
)
def underfitting(training: Training, record: Record) -> Outcome:
    """Fire if the training loss misses the probe's by a fifth of the constant answer's."""
    course = progress(training)
    if course is None or course.num_steps < MIN_STEPS:
        return unchecked("underfitting", f"needs {MIN_STEPS} backward passes")
    if not judgeable(training):
        return None
    baseline, probe = baseline_loss(training), training.labels
    if baseline is None or course.constant is None or probe is None:
        return unchecked("underfitting", "no simple model was fitted to this loss")
    end = at_rest(training, course)
    needed = baseline + _MARGIN * course.constant + 2 * course.noise
    if course.learned or (math.isfinite(end) and end <= needed):
        return None
    return Seen(
        summary=f"The training loss ended at {end:.3g}; a {probe.probe} probe, scoring {probe.score:.3g} ± "
        f"{probe.stderr:.1g} "
        f"on held-out rows, stands for {baseline:.3g} (a constant answer scores {course.constant:.3g}).",
        severity=0.7,
        confidence=0.85,
        evidence=(Evidence("training loss at the end", end, needed, stderr=course.noise),),
    )
