"""Input features that never vary.

## What it does
Counts features whose standard deviation over all rows read is exactly 0. Fires when all of them are
constant in a training that is stuck (of tokens: when all rows are the same), when at least half of them
are and the run fell short of what the data allow, when three quarters of a table's columns are and a tenth of
the task is left, or when nine of ten rows of a batch equal another one
(whole numbers from a division or a cast, say) in a training that is stuck.

## Why it harms
A constant feature is a second bias: it says nothing and, if large, worsens the conditioning. Where all
are constant the network sees one and the same input always.

## Threshold
Exactly zero spread (or rounding of it: 10⁻⁶ of the mean, a float32 unit times ten). Images have constant
borders and sparse data have unseen words, so a share below one half, or a training that learns, stays
silent. In N rows a word or category of frequency f is missed with (1 − f)ᴺ ≈ e^(−fN): with five rows for each
of D columns, one of the average frequency 1/D with e⁻⁵ < 1 %, so that three quarters of a table are not.

## Known false alarms
Sparse inputs with a training that failed for another reason; hence the low severity.

## Example
A column of a table that is 0 after a failed join

## Remedy
Remove them; check the loading of the inputs when all are constant.

## References
Kuhn, Johnson (2013), Applied Predictive Modeling, section 3.5.
"""

from rhobar.diagnose.harm import LEARNED, harm
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["constant_features"]

REPEATED = 0.9
"""With nine of ten rows repeated, one batch holds fewer inputs than a tenth of its labels."""

MOST, ROWS_PER_FEATURE = 0.75, 5
"""Of a table with five rows a column, three quarters of the columns constant."""


@rule(
    "constant-features",
    kind="cause",
    why="A feature that never varies carries no information about the target.",
    remedy=Remedy("Remove constant features.", "varies = x_train.std(0) > 0\nx_train = x_train[:, varies]"),
    explains=(
        "not-learning",
        "underfitting",
        "uninformative-labels",
        "rank-collapse",
        "too-little-capacity",
        "dead-units",
        "vanishing-gradient",
        "learning-rate-too-low",
    ),
    references=("Kuhn, Johnson (2013), Applied Predictive Modeling, section 3.5",),
)
def constant_features(training: Training, record: Record) -> Outcome:
    """Fire if at least half of the features never vary in a training that fell short."""
    inputs, hurt = training.inputs, harm(training)
    if hurt is not None and _one_row(training) and hurt.course.stuck and hurt.course.constant is not None:
        return Seen(
            summary="The input rows are all one and the same row: the network cannot tell samples apart.",
            severity=0.95,
            confidence=0.95,
            where=("input",),
            evidence=(Evidence("distinct rows among the inputs", 1.0, 2.0),),
            remedy=Remedy("Look at a batch as the network gets it: a lookup, a join or a cast made all rows the same."),
        )
    if inputs is None or hurt is None or not inputs.std:
        return unchecked("constant-features", "the data entering the first linear map were not seen")
    if inputs.integer or inputs.num_rows < 2 or (training.num_rows_distinct == 1 and training.batch_sizes == (1,)):
        return None
    pairs = zip(inputs.mean, inputs.std, strict=False)
    constant = [j for j, (m, s) in enumerate(pairs) if s <= 1e-6 * abs(m)]
    if hurt.course.constant is None:
        return unchecked("constant-features", "what a constant answer would score is not known")
    repeated = training.repeated_rows
    if repeated is not None and repeated >= REPEATED and hurt.course.stuck and len(constant) < len(inputs.std):
        return Seen(
            summary=f"{repeated:.0%} of the input rows equal another row of their own batch: the {len(inputs.std)} "
            f"features hardly vary ({len(constant)} of them never do).",
            severity=0.95,
            confidence=0.85,
            where=("input",),
            evidence=(Evidence("share of rows that repeat within a batch", repeated, REPEATED),),
        )
    share = len(constant) / len(inputs.std)
    everything = share == 1.0
    blind = hurt.course.stuck and training.labels is not None and not training.labels.informative
    lost = _lost_table(training, share) and hurt.explained is not None and hurt.explained < LEARNED
    if share < 0.5 or not (hurt.course.stuck if everything else hurt.falls_short or blind or lost):
        return None
    return Seen(
        summary=f"{len(constant)} of {len(inputs.std)} input features have the same value in all "
        f"{inputs.num_rows} rows.",
        severity=0.95 if everything or blind else 0.5 if lost else 0.2,
        confidence=0.95 if everything else 0.8 if blind else 0.6 if lost else 0.5,
        where=tuple(f"input feature {j}" for j in constant[:5]),
        evidence=(Evidence("share of constant features", share, 0.5),),
    )


def _one_row(training: Training) -> bool:
    """Whether every sample of every batch is the same, be it numbers or tokens."""
    repeated = training.repeated_rows
    return training.num_rows_distinct == 1 and repeated is not None and repeated > 0


def _lost_table(training: Training, share: float) -> bool:
    """Whether most columns of a table are constant although there are rows enough to see every rare value."""
    inputs = training.inputs
    assert inputs is not None
    table = len(inputs.shape) == 2 and inputs.num_features >= 2
    return table and share >= MOST and inputs.num_rows >= ROWS_PER_FEATURE * inputs.num_features
