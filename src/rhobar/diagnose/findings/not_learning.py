"""After a fair number of steps the loss is no better than the best constant answer.

## What it does
Compares the loss at the end with that of the best answer that ignores the input. Where that is not known,
fires only if the loss did not change at all.

## Why it harms
The net does not use its input.

## Known false alarms
Games and rewards: a loss whose batches have one label each (the two sides of a GAN), or of unknown kind
beside other trainings, may stay level for ever and is not judged. A pretrained model starts where it will
end. Several loss terms add up to more than the constant answer of one: the loss must also have kept 95 % of
its start.

## Threshold
5 % of the constant answer's loss. It is estimated over hundreds of rows, where the relative standard error of
a mean loss is 1/√n ≈ 5 % at n = 400. Unknown constant: a change below 1 % of the start and below two standard
errors, with a noise below 1 % too, so that a loss that only looks level through its noise is left alone.

## Example
All zeros as initial weights, a rate of 0, shuffled labels.

## Remedy
See the causes above it.

## References
Karpathy (2019), A recipe for training neural networks.
"""

import math

from rhobar.diagnose.progress import MIN_STEPS, Progress, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import judgeable
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["not_learning"]

_MARGIN = 0.05
_LEVEL = 0.01


@rule(
    "not-learning",
    kind="symptom",
    why="A loss equal to that of the best constant answer is reached without looking at the input.",
    remedy=Remedy("Repair the causes above; if there are none, try to overfit a single batch first."),
    explains=("underfitting", "too-few-epochs"),
    references=("Karpathy (2019), A recipe for training neural networks",),
)
def not_learning(training: Training, record: Record) -> Outcome:
    """Fire if the loss ended at or above the constant answer's, or never moved."""
    course = progress(training)
    if course is None or (course.num_steps < MIN_STEPS and math.isfinite(course.end)):
        return unchecked("not-learning", f"needs {MIN_STEPS} backward passes")
    if not math.isfinite(course.end):
        return _seen(course, "is not finite", Evidence("training loss at the end", course.end, course.start))
    if not judgeable(training):
        return None
    if course.explained is None or course.constant is None:
        return _level(training, record, course)
    several = training.loss is not None and training.loss.num_terms > 1
    if not course.stuck or (several and course.fall >= _MARGIN):
        return None
    return _seen(
        course,
        f"is no better than the {course.constant:.3g} of a constant answer",
        Evidence("share of the constant answer's loss explained", course.explained, _MARGIN),
    )


def _level(training: Training, record: Record, course: Progress) -> Outcome:
    """Judge a loss without a known constant answer by whether it moved at all."""
    pretrained = any(p.moved_before for p in training.parameters)
    if len(record.trainings) > 1 or pretrained or not course.start > 0:
        return unchecked("not-learning", "the loss of the best constant answer is not known")
    change = abs(course.start - course.end)
    if change >= _LEVEL * course.start or change > 2 * course.noise + 1e-3 * course.start:
        return None
    if course.noise >= _LEVEL * course.start or course.best < (1 - _MARGIN) * course.start:
        return None
    return _seen(
        course,
        "has not moved from its start",
        Evidence(
            "change of the loss over its start",
            change / course.start,
            _LEVEL,
            stderr=course.noise / course.start,
        ),
        confidence=0.7,
    )


def _seen(course: Progress, words: str, evidence: Evidence, confidence: float = 0.97) -> Seen:
    return Seen(
        summary=f"After {course.num_steps} steps the loss {words}: it went from {course.start:.3g} to "
        f"{course.end:.3g}.",
        severity=1.0,
        confidence=confidence,
        evidence=(evidence,),
    )
