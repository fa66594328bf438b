"""Training and validation rows come from different distributions.

## What it does
Simple models are asked which of the two splits a row belongs to, on rows held out. Fires when they can tell, and the
validation loss (or accuracy) is far worse than the training's.

## Why it harms
The network is scored on a region that it was never shown. More training, regularisation or capacity cannot close such
a gap: it is no overfitting.

## Threshold
Accuracy less two standard errors above Φ(0.4) ≈ 0.655: that of the best threshold between two normal distributions
whose means lie 0.8 standard deviations apart, which Cohen (1988) calls a large effect; splits drawn at random give 0.5.
A gap counts if the validation loss is more than twice the training loss (in eval mode) and exceeds it by a twentieth of
the constant answer's, or if it is above the constant answer's, or if the accuracy is lower by a tenth and three
standard errors. Where neither was seen, the median feature must lie ten standard deviations of the training rows away:
of rows of the same kind at most one in a hundred does (Chebyshev's inequality).

## Known false alarms
Splits in time differ by nature; they are reported where it costs accuracy, since that is what it costs in use, too.

## Example
Rows sorted by class and cut; the scaler fitted to the training rows and forgotten for the others

## Remedy
Shuffle before splitting; apply one and the same preprocessing to both; if the shift is real, collect such rows.

## References
Rabanser, Günnemann, Lipton (2019), Failing loudly: an empirical study of methods for detecting dataset shift; Cohen
(1988), Statistical power analysis for the behavioral sciences, section 2.2.
"""

import math

from rhobar.diagnose.progress import MIN_STEPS, Progress, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import at_rest
from rhobar.diagnose.validation import validation_evaluations
from rhobar.record import Evaluation, Evidence, Record, Remedy, SplitProbe, Training

__all__ = ["train_validation_shift"]

APART = 0.655
FAR = 10.0
DISTANCE = "size of the median feature in standard deviations of the training rows"
_WORSE, _SHARE, _LOST = 2.0, 0.05, 0.1


@rule(
    "train-validation-shift",
    kind="cause",
    why="The network is scored on rows of a kind that it was not trained on.",
    remedy=Remedy(
        "Shuffle before splitting, and give both splits the same preprocessing.",
        "order = torch.randperm(len(x))\nx, y = x[order], y[order]  # then split",
    ),
    explains=("overfitting", "miscalibration", "underfitting"),
    references=("Rabanser, Günnemann, Lipton (2019), Failing loudly", "Cohen (1988), Statistical power analysis"),
)
def train_validation_shift(training: Training, record: Record) -> Outcome:
    """Fire if simple models tell the splits apart and the network does far worse on the one it was not shown."""
    evaluations, course = validation_evaluations(training), progress(training)
    if course is None or course.num_steps < MIN_STEPS or not evaluations:
        return unchecked("train-validation-shift", "no evaluation on other rows than those trained on was seen")
    probe = next((p for p in training.splits if p.source == evaluations[-1].source), None)
    if probe is None:
        return unchecked("train-validation-shift", "the rows of the two splits could not be compared")
    if not probe.score - 2 * probe.stderr > APART or not course.finite:
        return None
    last = evaluations[-1]
    judged = last.loss is not None or (last.accuracy is not None and training.answers is not None)
    gap = _gap(training, course, last) if judged else _far(probe)
    if gap is None:
        return None
    return Seen(
        summary=f"A simple model tells validation rows from training rows in {100 * probe.score:.0f} % of the cases "
        f"(50 % if they were alike), and the {gap.quantity} is {gap.value:.3g}, against {gap.threshold:.3g} "
        f"{'at most' if gap.quantity == DISTANCE else 'on training rows'}.",
        severity=0.7,
        confidence=0.8,
        evidence=(Evidence("accuracy of telling the splits apart", probe.score, APART, "", probe.stderr), gap),
    )


def _far(probe: SplitProbe) -> Evidence | None:
    """Where no score of the validation rows was seen: rows so far away that they cannot be of the same kind."""
    return Evidence(DISTANCE, probe.distance, FAR) if probe.distance > FAR else None


def _gap(training: Training, course: Progress, last: Evaluation) -> Evidence | None:
    """What the network loses on the validation rows, beside its training rows; ``None`` if that is little."""
    if last.loss is not None:
        fitted, constant = at_rest(training, course), course.constant
        above = constant is not None and fitted < constant < last.loss
        if above or last.loss > max(_WORSE * fitted, fitted + _SHARE * (constant or 0.0)):
            return Evidence("validation loss", last.loss, fitted)
    elif last.accuracy is not None and training.answers is not None:
        known = training.answers.accuracy
        stderr = math.sqrt(max(known * (1 - known), 0.01) / max(min(last.num_rows, training.answers.num_rows), 1))
        if known - last.accuracy > max(_LOST, 3 * stderr):
            return Evidence("validation accuracy", last.accuracy, known)
    return None
