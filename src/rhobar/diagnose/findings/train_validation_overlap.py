"""The same samples in training and validation.

## What it does
Looks at the share of an evaluation's rows that were also trained on. Fires when a part of them was: a
split that leaks. An evaluation made of training rows altogether is a training score, reported on purpose,
and stays silent; so does one that holds the whole training set beside other rows, or whole batches of it. Fires, too,
if all that is ever evaluated is one part of the training rows.

## Why it harms
The validation score is flattered by the rows that were learned by heart.

## Threshold
5 % of the rows, and twice what chance repeats: by the end of the first pass over discrete data (tokens, whole
numbers) the share of rows that equal an earlier one is the share that an independent draw would repeat, too.
Real values do not coincide unless they are copies. Above 98 % the evaluation is taken for a training score.

## Known false alarms
Data with few distinct rows in a run shorter than a pass over them.

## Example
Windows cut with overlap before the split; augmented copies on both sides

## Remedy
Split first, then cut windows and augment; drop duplicates.

## References
Kapoor, Narayanan (2023), Leakage and the reproducibility crisis in machine-learning-based science.
"""

from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evaluation, Evidence, Record, Remedy, Training

__all__ = ["train_validation_overlap"]

SMALLEST, LARGEST = 0.05, 0.98
PART = 0.6
"""Of the training rows: an evaluation of more may be a look at the training set as a whole."""


@rule(
    "train-validation-overlap",
    kind="cause",
    why="Rows that were trained on raise the validation score without any generalisation.",
    remedy=Remedy(
        "Split by distinct rows before anything else is done to them.",
        "x, first = np.unique(x, axis=0, return_index=True)\ny = y[first]  # then split",
    ),
    explains=("overfitting", "miscalibration"),
    references=("Kapoor, Narayanan (2023), Leakage and the reproducibility crisis",),
)
def train_validation_overlap(training: Training, record: Record) -> Outcome:
    """Fire if part of an evaluation's rows were trained on."""
    read = [e for e in training.evaluations if e.overlap is not None]
    if not read:
        return unchecked("train-validation-overlap", "no evaluation whose rows could be compared with training's")
    if copied := _copied(training, read):
        return copied
    least = max(SMALLEST, 2 * training.coincidence)
    leaks = [e for e in read if _partial(e, training) and (e.overlap or 0.0) > least]
    if 2 * len(leaks) <= len([e for e in read if (e.overlap or 0.0) <= LARGEST]):
        return None
    last = leaks[-1]
    overlap = last.overlap or 0.0
    return Seen(
        summary=f"{100 * overlap:.0f} % of the {last.num_rows} evaluated rows were also trained on.",
        severity=0.5,
        confidence=0.75,
        where=(last.source,) if last.source else (),
        evidence=(Evidence("share of evaluated rows seen in training", overlap, least),),
    )


def _copied(training: Training, read: list[Evaluation]) -> Seen | None:
    """Every look of the whole training goes to one and the same part of the training rows, and none to other rows."""
    last, distinct = read[-1], training.num_rows_distinct
    apart = {(e.source, e.num_rows) for e in training.evaluations}
    if len(apart) > 1 or len(read) < 3 or training.coincidence > 0 or distinct is None:
        return None
    if any((e.overlap or 0.0) <= LARGEST for e in read) or not last.num_rows <= PART * distinct:
        return None
    return Seen(
        summary=f"All {len(read)} evaluations are of the same {last.num_rows} rows, and every one of them was also "
        "trained on.",
        severity=0.5,
        confidence=0.6,
        where=(last.source,) if last.source else (),
        evidence=(
            Evidence("share of evaluated rows seen in training", last.overlap or 0.0, LARGEST),
            Evidence("evaluated rows over training rows", last.num_rows / distinct, PART),
        ),
    )


def _partial(evaluation: Evaluation, training: Training) -> bool:
    overlap = evaluation.overlap or 0.0
    if not SMALLEST < overlap <= LARGEST or (evaluation.training_mode and evaluation.loss is None):
        return False
    shared = overlap * evaluation.num_rows
    whole = max(training.num_rows_distinct or 0, (training.epoch_length or 0) * max(training.batch_sizes, default=0))
    if whole and shared >= 0.9 * whole:
        return False  # the whole training set beside another set
    batches = overlap * evaluation.num_batches
    return evaluation.num_batches == 1 or abs(batches - round(batches)) > 0.05
