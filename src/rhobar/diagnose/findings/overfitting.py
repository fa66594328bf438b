"""The validation loss rises, or stays far above, while the training loss falls.

## What it does
With four or more validation losses: fires when they rise from their best, well before the end, by more than
their noise and by a share worth having, while the training loss went on falling. With fewer, or without a
rise: when the gap to the training loss is a quarter of all that there was to learn. Without losses: when
accuracy on training data beats that on validation data by a quarter.

## Why it harms
What is learned after the best point is true of the training rows only.

## Known false alarms
Regularised trainings keep a small constant gap; classifiers grow overconfident and their validation loss
creeps up by a per cent or two while the accuracy stays. Both are below the margins. A classifier whose
validation loss ends within a tenth of the task of what a simple probe stands for, with half of its best gain
over the constant answer left, has lost little of what the data held, and is not accused. A training in a
game, or one that stopped at its best, shows no rise.

## Threshold
Noise σ from second differences (see validation.py). The best of n noisy values lies σ√(2 ln n) too low, so a
rise counts beyond (√(2 ln n) + 3) σ: three standard errors after allowing for the choice. Where the losses of
single rows were seen, it must be three standard errors of the mean of their differences, too: other rows could
have told otherwise. It must also be 5 % of what the constant answer scores, the margin by which a training
counts as having learned anything (half of the best loss where that is unknown). Well before the end: the best
lies in the first 70 %, so that three tenths of the time were spent on getting worse. Gap: a quarter of the
constant answer's loss, and a validation loss of twice the training loss. Accuracy: a quarter, and three
binomial standard errors.

## Example
Forty rows, ten thousand weights, a hundred epochs.

## Remedy
Keep the weights of the best epoch; more data or augmentation; weight decay, dropout, a smaller net.

## References
Prechelt (1998), Early stopping — but when?
"""

import math
from statistics import fmean

from rhobar.diagnose.progress import Progress, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import baseline_loss, judgeable
from rhobar.diagnose.validation import curve_noise, minimum_bias, training_evaluations, validation_evaluations
from rhobar.record import Evaluation, Evidence, Record, Remedy, Training

__all__ = ["overfitting"]

_FEWEST = 4
_EARLY = 0.7
_RISE = 0.05
_GAP = 0.25
_MARGIN = 0.1
"""Of the constant answer's loss, by which a classifier may end above what a simple probe stands for."""
_KEPT = 0.5
"""Of what was learned of the training rows, what holds for others; of the best gain on others, what is left."""


@rule(
    "overfitting",
    kind="symptom",
    why="The net fits what is particular to the training rows; on others that is noise.",
    remedy=Remedy(
        "Keep the weights of the best epoch; then more data or augmentation, weight decay, dropout, a smaller net.",
        "if val_loss < best:\n    best = val_loss\n    torch.save(model.state_dict(), 'best.pt')",
    ),
    explains=(),
    references=("Prechelt (1998), Early stopping — but when?",),
)
def overfitting(training: Training, record: Record) -> Outcome:
    """Fire on a significant rise of the validation loss, or on a gap as wide as a quarter of the task."""
    course = progress(training)
    seen = validation_evaluations(training)
    if course is None or not seen:
        return unchecked("overfitting", "no evaluation on other than training data was seen")
    if not course.finite or not judgeable(training):
        return None
    measured = [e for e in seen if e.loss is not None]
    if not measured:
        by_accuracy = _accuracy_gap(training, seen)
        return by_accuracy or (
            None
            if any(e.accuracy is not None for e in seen)
            else unchecked("overfitting", "no validation loss was seen")
        )
    losses = [e.loss for e in measured if e.loss is not None]
    if not all(map(math.isfinite, losses)):
        return None
    if _no_harm(training, course, losses):
        return None
    return _rise(training, course, measured, losses) or _gap(training, course, measured, losses)


def _no_harm(training: Training, course: Progress, losses: list[float]) -> bool:
    """Whether a classifier that overfits keeps most of what it had gained, and predicts as well as a simple probe."""
    baseline = baseline_loss(training)
    if baseline is None or course.constant is None or training.loss is None or training.loss.kind == "mse":
        return False
    kept = course.constant - losses[-1] > _KEPT * (course.constant - min(losses)) > 0
    return kept and losses[-1] <= baseline + _MARGIN * course.constant


def _rise(training: Training, course: Progress, seen: list[Evaluation], losses: list[float]) -> Outcome:
    n = len(losses)
    if n < _FEWEST:
        return None
    best = min(range(n), key=losses.__getitem__)
    tail = losses[-max(1, n // 10) :]
    rise, sigma = fmean(tail) - losses[best], curve_noise(losses)
    by_rows = seen[-1].change_stderr or 0.0
    noise = max((minimum_bias(n) + 3) * sigma, 3 * by_rows)
    needed = max(noise, _RISE * course.constant if course.constant else 0.5 * abs(losses[best]))
    at_best, at_end = _training_loss(training, seen[best].step), _training_loss(training, seen[-1].step)
    falling = at_end < at_best - 2 * course.noise
    if not (rise > needed and best + 1 <= _EARLY * n and falling and fmean(tail) > at_end):
        return None
    stderr = max(math.hypot(sigma, sigma / math.sqrt(len(tail))), by_rows)
    gap = fmean(tail) - at_end
    return Seen(
        summary=f"The validation loss rose from {losses[best]:.3g} (step {seen[best].step}, evaluation "
        f"{best + 1} of {n}) "
        f"to {fmean(tail):.3g}, while the training loss fell from {at_best:.3g} to {at_end:.3g}; "
        f"the gap is {gap:.3g} ± {math.hypot(sigma, course.noise):.2g}.",
        severity=min(0.9, 0.4 + rise / (course.constant or losses[best])),
        confidence=0.95,
        evidence=(
            Evidence("rise of the validation loss from its best", rise, needed, stderr=stderr),
            Evidence("validation loss minus training loss", gap, 0.0, stderr=math.hypot(sigma, course.noise)),
        ),
    )


def _gap(training: Training, course: Progress, seen: list[Evaluation], losses: list[float]) -> Outcome:
    train = _training_loss(training, seen[-1].step)
    gap = losses[-1] - train
    if course.constant is None or not course.learned or train < 0:
        return None
    kept = (course.constant - losses[-1]) / (course.constant - train)
    noise = math.hypot(course.noise, seen[-1].stderr or 0.0)
    if not (gap >= _GAP * course.constant + 3 * noise and losses[-1] >= 2 * train and kept < _KEPT):
        return None
    return Seen(
        summary=f"The validation loss ended at {losses[-1]:.3g} and the training loss at {train:.3g}: the "
        "gap is "
        f"{gap / course.constant:.0%} of what the constant answer scores ({course.constant:.3g}).",
        severity=0.5,
        confidence=0.7,
        evidence=(
            Evidence("validation loss minus training loss", gap, _GAP * course.constant, stderr=noise),
            Evidence("validation loss over training loss", losses[-1] / train if train > 0 else math.inf, 2.0),
        ),
    )


def _accuracy_gap(training: Training, seen: list[Evaluation]) -> Outcome:
    held = [e for e in seen if e.accuracy is not None]
    fitted = [e for e in training_evaluations(training) if e.accuracy is not None]
    if not held or not fitted:
        return None
    a, b = fitted[-1].accuracy or 0.0, held[-1].accuracy or 0.0
    stderr = math.sqrt(a * (1 - a) / max(fitted[-1].num_rows, 1) + b * (1 - b) / max(held[-1].num_rows, 1))
    if not a - b >= max(_GAP, 3 * stderr):
        return None
    return Seen(
        summary=f"Accuracy is {a:.1%} on training data and {b:.1%} on {held[-1].num_rows} other rows, "
        f"a gap of {a - b:.1%} ± {stderr:.1%}.",
        severity=0.5,
        confidence=0.7,
        evidence=(
            Evidence("training accuracy minus validation accuracy", a - b, max(_GAP, 3 * stderr), stderr=stderr),
        ),
    )


def _training_loss(training: Training, step: int) -> float:
    """Mean of the training losses of about an epoch (at most a tenth of all) before a step."""
    n = len(training.losses)
    width = max(1, min(training.epoch_length or n, max(n // 10, 1)))
    end = min(max(step, 1), n)
    return fmean(training.losses[max(0, end - width) : end])
