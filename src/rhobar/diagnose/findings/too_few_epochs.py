"""The training was stopped while its loss was falling as fast as before.

## What it does
Fires when, over the last quarter, the loss fell by a sizeable share of the task, no slower than half of the
quarter before, significantly, with the validation loss (where there is one) at its best at the end, and less
than half was learned; when a copy that goes on for as many steps again (a hundred at least) gains a tenth of the
task on rows kept apart, and half of what was left where half of the task was done; or when the validation loss fell
so fast at the last look at it that one more epoch would have brought another tenth of the task.

## Why it harms
What was still to come was left.

## Known false alarms
Every loss still falls a little at the end; a net that explains half of what there is, a schedule that was at
its end, and a fall of a few per cent are left alone.

## Threshold
10 % of the constant answer's loss in the last quarter of the steps: at this slope half as many steps again
would explain another fifth of the task. Four standard errors of the difference of the two quarter-end means; with fewer
than 40 steps, a loss that fell at every single one (by chance, once in n! trainings).

Of the last two looks v' and v at the validation loss: a loss that falls by the same factor again comes to v²/v', and
v − v²/v' must be a tenth of the constant answer's loss.

## Example
`for epoch in range(1):` on a few hundred rows.

## Remedy
Train two or three times as long, and stop by the validation loss.

## References
Prechelt (1998), Early stopping — but when?
"""

import math
from itertools import pairwise
from statistics import fmean

from rhobar.diagnose.harm import left_undone
from rhobar.diagnose.progress import MIN_STEPS, Progress, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short, judgeable
from rhobar.diagnose.validation import validation_evaluations
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["too_few_epochs"]

_FALL, _NEXT = 0.05, 0.1
_FEWEST = 5
_STEADY = 0.5


@rule(
    "too-few-epochs",
    kind="cause",
    why="The loss was falling steadily when the script stopped.",
    remedy=Remedy(
        "Train two or three times as long, and stop by the validation loss.",
        "for epoch in range(3 * epochs):",
    ),
    explains=("underfitting",),
    references=("Prechelt (1998), Early stopping — but when?",),
)
def too_few_epochs(training: Training, record: Record) -> Outcome:
    """Fire if the last quarter still brought a twentieth of the task and half was not reached."""
    course = progress(training)
    if course is None or course.num_steps < _FEWEST:
        return unchecked("too-few-epochs", f"needs {_FEWEST} backward passes")
    if course.constant is None or course.constant <= 0:
        return unchecked("too-few-epochs", "the loss of the constant answer is not known")
    if not course.finite or not judgeable(training):
        return None
    falling = not course.diverged and course.end < course.start + 2 * course.noise
    if falling and (tried := _tried(training, course, course.constant)):
        return tried
    if _scheduled(training):
        return None
    if promised := _promised(training, course.constant):
        return promised
    steady = course.num_steps >= 2 * MIN_STEPS or all(a > b for a, b in pairwise(training.losses))
    if not fell_short(training, course) or not steady:
        return None
    marks, stderr = _quarter_marks(training)
    late, before = marks[1] - marks[2], marks[0] - marks[1]
    validation = [e.loss for e in validation_evaluations(training) if e.loss is not None]
    if validation and validation[-1] > min(validation):
        return None
    noisy = course.num_steps >= 2 * MIN_STEPS and not late > 4 * stderr
    if not late >= _FALL * course.constant or noisy or not late >= _STEADY * before:
        return None
    return Seen(
        summary=f"The loss was still falling when the training stopped after {course.num_steps} steps: the "
        "last quarter took "
        f"it from {marks[1]:.3g} to {marks[2]:.3g}, {late / course.constant:.0%} of what a constant answer "
        "scores.",
        severity=0.4,
        confidence=0.8,
        evidence=(Evidence("fall of the loss in the last quarter", late, _FALL * course.constant, stderr=stderr),),
    )


def _promised(training: Training, constant: float) -> Seen | None:
    """What one more look at the validation loss would have shown, had it fallen by the same factor again."""
    looks = [e.loss for e in validation_evaluations(training) if e.loss is not None]
    if len(looks) < 2 or not 0 < looks[-1] < looks[-2] or looks[-1] > min(looks):
        return None
    before, last = looks[-2:]
    gain = last - last**2 / before
    if not (gain >= _NEXT * constant and math.isfinite(gain)):
        return None
    return Seen(
        summary=f"The training stopped after {len(training.losses)} steps while the validation loss was falling, from "
        f"{before:.3g} to {last:.3g} at the last look; one more like it brings {gain / constant:.0%} of what a "
        "constant answer scores.",
        severity=0.4,
        confidence=0.8,
        evidence=(Evidence("fall of the validation loss to be expected of one more epoch", gain, _NEXT * constant),),
    )


def _tried(training: Training, course: Progress, constant: float) -> Seen | None:
    """What further steps of a copy brought."""
    further = left_undone(training)
    if further is None:
        return None
    # A net that did no worse than a simple probe must leave a tenth of the task beyond doubt; one that explains half of
    # what there is, half of the rest, too.
    certain = further.gain > _NEXT * constant + 3 * further.stderr
    explains = further.before < constant / 2
    if not (certain or fell_short(training, course)) or (explains and further.after > further.before / 2):
        return None
    return Seen(
        summary=f"A copy of the network trained for {further.num_steps} more steps comes from {further.before:.3g} to "
        f"{further.after:.3g} on {further.num_rows} rows kept apart from these steps: the training stopped "
        f"after {len(training.losses)}.",
        severity=0.4,
        confidence=0.8,
        evidence=(
            Evidence("fall of the loss in further steps", further.gain, _NEXT * constant, stderr=further.stderr),
        ),
    )


def _scheduled(training: Training) -> bool:
    """Whether the schedule had come to its end: a rate below a tenth of its peak."""
    return bool(training.rates) and training.rates[-1] < 0.1 * max(training.rates)


def _quarter_marks(training: Training) -> tuple[list[float], float]:
    """Mean losses before half, three quarters and the end, and the standard error of a difference of two."""
    n = len(training.losses)
    width = max(min(4, n // 2), n // 10)
    blocks = [training.losses[end - width : end] for end in (n // 2, (3 * n) // 4, n)]
    marks = [fmean(block) for block in blocks]
    variance = fmean((x - mark) ** 2 for block, mark in zip(blocks, marks, strict=True) for x in block)
    return marks, math.sqrt(2 * variance / width)
