"""The updates raise the loss: a sign is wrong.

## What it does
Fires when a loss that cannot be negative is driven below zero; when an optimizer set to `maximize` is given a
loss that is an error to be made small; when the loss rises steadily from the start while successive
gradients agree; and, whatever the loss is, when updates point along the gradient and drive it to infinity or far
above its start.

## Why it harms
The better the optimizer works, the worse the model becomes.

## Known false alarms
Rewards and adversarial games are maximised on purpose: only losses of a known kind are judged, and none whose
batches carry one label each. Binary cross-entropy is negative for targets outside [0, 1]; that is
invalid-labels. Too high a rate raises the loss too, but there successive gradients point against each other.

## Threshold
On a quadratic g_{t+1}·g_t / ‖g_t‖² = 1 − ηλ: above 1 for ascent, between 0 and 1 for a stable descent, below
−1 beyond the stability limit. So a rising loss with a positive median cosine is ascent. Rising: at least 8 of
the 9 increments of ten windows (under no trend each has sign ±; P ≤ 10/512 = 0.02), an end above the constant
answer or, if that is unknown, above 1.5 times the start, and by more than four standard errors. A step of
descent has cos(Δθ, g) < 0, with momentum on average; +0.3 in the median of four readings is none. Relative
updates of 0.1 and more are learning-rate-too-high, and a line search whose smallest step still lowers the
loss refutes the sign error.

## Example
`loss = -F.mse_loss(prediction, target)`

## Remedy
Drop the minus sign, or `maximize=True`, or the `+` in a hand-written update.

## References
Robbins & Monro (1951), A stochastic approximation method.
"""

import math
from itertools import pairwise
from statistics import fmean

from rhobar.diagnose.motion import typical, update_ratios
from rhobar.diagnose.progress import MIN_STEPS, Progress, progress, smoothed
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import judgeable
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["gradient_ascent"]

_NEVER_NEGATIVE = ("mse", "l1", "huber", "smooth_l1", "cross_entropy", "bce", "bce_with_logits")
_NUM_WINDOWS = 10
_MIN_RISES = 8
_LONG_STEP = 0.1
_FEWEST = 4
_UPHILL = 0.3


@rule(
    "gradient-ascent",
    kind="cause",
    why="A sign error turns descent into ascent: each step follows the gradient uphill.",
    remedy=Remedy("Minimise the loss itself: no minus sign before it, no maximize=True.", "loss.backward()"),
    explains=(
        "not-learning",
        "underfitting",
        "learning-rate-too-high",
        "exploding-gradient",
        "nonfinite-values",
        "loss-spike",
        "dead-units",
        "saturated-units",
        "clipping-always-active",
        "rank-collapse",
        "too-little-capacity",
        "attention-logit-growth",
    ),
    references=("Robbins & Monro (1951), A stochastic approximation method",),
)
def gradient_ascent(training: Training, record: Record) -> Outcome:
    """Fire on a negated or maximised error, or on a loss that climbs along its own gradient."""
    course = progress(training)
    if course is None or course.num_steps < MIN_STEPS:
        return unchecked("gradient-ascent", f"needs {MIN_STEPS} backward passes")
    if (seen := _uphill(course, training)) is not None:
        return seen
    if (training.loss is None or training.loss.kind == "custom") and (seen := _bottomless(course, training)):
        return seen
    if training.loss is None or training.loss.kind == "custom":
        return unchecked("gradient-ascent", "the loss is hand-written: whether it should fall is not known")
    if training.loss.kind not in _NEVER_NEGATIVE or not judgeable(training):
        return None
    return _negated(training, course) or _maximised(training, course) or _climbing(training, course)


def _uphill(course: Progress, training: Training) -> Seen | None:
    """Steps that go along the gradient, and a loss that they drove to infinity or far above its start."""
    cosines = [r.uphill for r in training.readings if r.uphill is not None and math.isfinite(r.uphill)]
    middle = typical(cosines) if len(cosines) >= _FEWEST else None
    ruined = not course.finite or course.diverged
    accumulating = training.num_steps > 0 and 2 * training.uncleared_steps >= training.num_steps
    if middle is None or middle < _UPHILL or not ruined or accumulating:
        return None
    start = next((x for x in training.losses if math.isfinite(x)), course.start)
    return Seen(
        summary=f"The weights move up the gradient (cosine {middle:+.2f} in the median reading), and the loss went "
        f"from {start:.3g} to {course.end:.3g}.",
        severity=1.0,
        confidence=0.95,
        evidence=(Evidence("cosine of update and gradient", middle, _UPHILL),),
    )


def _bottomless(course: Progress, training: Training) -> Seen | None:
    """A hand-written loss that went a hundred times its start below zero and goes on falling has no minimum."""
    depth = 100 * max(abs(course.start), 1.0)
    tail = training.losses[-max(2, course.num_steps // 5) :]
    half = len(tail) // 2
    if not (course.finite and course.end < -depth) or fmean(tail[half:]) > fmean(tail[:half]) - 0.01 * abs(course.end):
        return None
    return Seen(
        summary=f"The loss fell from {course.start:.3g} to {course.end:.3g} and goes on: nothing bounds it "
        "from below, as if an error were maximised.",
        severity=1.0,
        confidence=0.85,
        evidence=(Evidence("training loss at the end", course.end, -depth),),
    )


def _negated(training: Training, course: Progress) -> Outcome:
    targets, kind = training.targets, training.loss.kind if training.loss else ""
    outside = targets is not None and (targets.minimum < 0 or targets.maximum > 1)
    if kind in ("bce", "bce_with_logits") and (targets is None or outside):
        return None
    if kind == "cross_entropy" and targets is not None and targets.minimum < 0 and not targets.integral:
        return None
    end = course.end if course.finite else next((x for x in reversed(training.losses) if math.isfinite(x)), 0.0)
    fell = course.start - end > 1e-3 * abs(course.start)  # by more than rounding does
    if training.loss is None or training.loss.num_terms > 1 or not (end < 0 and fell):
        return None
    return Seen(
        summary=f"The {kind.replace('_', ' ')} is handed over with a minus sign: it went from "
        f"{course.start:.3g} "
        f"to {end:.3g}, where an error cannot be below 0.",
        severity=1.0,
        confidence=0.97,
        evidence=(Evidence("training loss at the end", end, 0.0),),
    )


def _maximised(training: Training, course: Progress) -> Outcome:
    maximise = training.optimizer is not None and bool(training.optimizer.settings.get("maximize", 0.0))
    if not maximise or course.start < 0:
        return None
    return Seen(
        summary=f"The optimizer was told to maximise an error: it went from {course.start:.3g} to {course.end:.3g}.",
        severity=1.0,
        confidence=0.97,
        evidence=(
            Evidence("maximize", 1.0, 0.0),
            Evidence("training loss at the end", course.end, course.start),
        ),
    )


def _climbing(training: Training, course: Progress) -> Outcome:
    losses = training.losses
    if not course.finite:
        losses = losses[: next(i for i, x in enumerate(losses) if not x < float("inf"))]
    means = smoothed(losses, max(1, len(losses) // _NUM_WINDOWS))[:_NUM_WINDOWS]
    rises = sum(b > a for a, b in pairwise(means))
    cosine = typical([r.gradient_cosine for r in training.readings if r.gradient_cosine is not None])
    accumulating = training.num_steps > 0 and 2 * training.uncleared_steps >= training.num_steps
    if len(means) < _NUM_WINDOWS or rises < _MIN_RISES or accumulating or cosine is None or not cosine > 0:
        return None
    ratio, probe = typical(update_ratios(training)), training.rate
    if (ratio is not None and ratio >= _LONG_STEP) or (
        probe is not None and probe.losses and probe.losses[0] < probe.start
    ):
        return None
    end = fmean(losses[-max(1, len(losses) // 10) :])
    level = course.constant if course.constant is not None else 1.5 * course.start
    noise = course.noise if course.finite else 0.0
    if not (end > max(level, course.start) + 4 * noise and means[0] <= min(means[1:])):
        return None
    return Seen(
        summary=f"The loss climbs from {course.start:.3g} to {end:.3g}, in {rises} of {_NUM_WINDOWS - 1} "
        "windows, while "
        f"successive gradients agree (cosine {cosine:.2f}): the updates go uphill.",
        severity=1.0,
        confidence=0.85,
        evidence=(
            Evidence("windows in which the loss rose", float(rises), float(_MIN_RISES)),
            Evidence("cosine of successive gradients", cosine, 0.0),
            Evidence("training loss at the end", end, level),
        ),
    )
