"""Batches far from an i.i.d. draw of the data: sorted by class.

## What it does
Compares how often neighbours in a batch differ in label with what a shuffled order gives; for real targets, how far
apart the batches' means lie. Fires when neighbours hardly differ, and the run was hurt: it fell short, does no better
than a constant on rows held out, or in eval mode worse than a simple probe.

## Why it harms
Each step then pulls towards one class and undoes the steps before; batch statistics are those of one class.

## Threshold
The ratio of label changes is 1 for shuffled batches, with standard error √((1 − q)/(q n)) over n
neighbours with change probability q = 1 − Σ f²; it must lie below ½ and three standard errors below 1.
Targets with an axis beyond the rows (tokens, pixels) are correlated by nature and are not judged; nor are
batches of real or fake samples (two labels). For real targets the share of their variance that lies between batches
is 1/B for batches of B rows drawn at random and must be above ½.

## Known false alarms
Streams whose order is the task; silent unless the run was hurt.

## Example
`DataLoader(sorted_by_class, shuffle=False)`

## Remedy
Shuffle each epoch.

## References
Bottou (2012), Stochastic gradient descent tricks.
"""

import math

from rhobar.diagnose.harm import Harm, behind, harm
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.targets import CLASS_LOSSES, REGRESSION, one_per_row
from rhobar.record import Evidence, Record, Remedy, TargetFacts, Training

__all__ = ["unshuffled_batches"]

MOST = 0.5
"""Share of the targets' variance between batches; eight or more rows drawn at random leave an eighth or less."""


@rule(
    "unshuffled-batches",
    kind="cause",
    why="Each step sees one class and undoes what the steps before learned of the others.",
    remedy=Remedy("Shuffle the rows in every epoch.", "loader = DataLoader(dataset, batch_size=64, shuffle=True)"),
    explains=(
        "not-learning",
        "underfitting",
        "loss-spike",
        "overfitting",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "exploding-gradient",
        "degenerate-batch-norm",
        "miscalibration",
        "class-imbalance",
        "train-validation-shift",
        "dead-units",
        "batch-size-misfit",
        "uninformative-labels",
    ),
    references=("Bottou (2012), Stochastic gradient descent tricks",),
)
def unshuffled_batches(training: Training, record: Record) -> Outcome:
    """Fire if neighbours in a batch share their label far more often than by chance, with harm."""
    loss, targets, hurt = training.loss, training.targets, harm(training)
    if loss is not None and targets is not None and hurt is not None and loss.kind in REGRESSION:
        return _sorted_targets(training, targets, hurt)
    if loss is None or targets is None or hurt is None or targets.batch_switches is None:
        return unchecked("unshuffled-batches", "the order of the labels was not seen")
    rows = training.inputs.shape[:1] if training.inputs and training.inputs.shape else targets.shape[:1]
    if loss.kind not in (*CLASS_LOSSES, "bce", "bce_with_logits") or not one_per_row(targets):
        return None
    classes = len(targets.distinct)
    if classes < 2 or rows != targets.shape[:1] or (targets.constant_batches and classes == 2):
        return None
    q = 1 - sum(f * f for f in targets.frequency)
    stderr = math.sqrt(max(1 - q, 0.01) / (max(q, 0.01) * max(targets.num_rows - 1, 1)))
    if targets.batch_switches >= min(0.5, 1 - 3 * stderr) or not _hurt(training, hurt):
        return None
    return Seen(
        summary=f"Neighbours in a batch differ in label {targets.batch_switches:.2f} times as often "
        "as in a shuffled order; "
        f"on average {100 * (targets.batch_purity or 0):.0f} % of a batch is one class.",
        severity=0.8,
        confidence=0.85,
        evidence=(
            Evidence("label changes relative to a shuffled order", targets.batch_switches, 0.5, "", stderr),
            Evidence("training loss at the end", hurt.course.end, hurt.course.constant, "", hurt.course.noise),
        ),
    )


def _sorted_targets(training: Training, targets: TargetFacts, hurt: Harm) -> Outcome:
    """Real targets: most of their variance lies between the batches, not within them."""
    spread, rows = targets.batch_spread, min(training.batch_sizes, default=0)
    if spread is None or rows < 8:
        return unchecked("unshuffled-batches", "fewer than 8 batches of 8 rows were seen")
    if spread < MOST or not _hurt(training, hurt):
        return None
    return Seen(
        summary=f"{100 * min(spread, 1.0):.0f} % of the targets' variance lies between the batches, where rows drawn "
        f"at random leave {100 / rows:.2g} %: rows of similar targets follow each other.",
        severity=0.8,
        confidence=0.8,
        evidence=(
            Evidence("variance of the batches' mean targets over that of the targets", spread, MOST),
            Evidence("training loss at the end", hurt.course.end, hurt.course.constant, "", hurt.course.noise),
        ),
    )


def _hurt(training: Training, hurt: Harm) -> bool:
    if hurt.falls_short:
        return True
    constant, probe = hurt.course.constant, training.labels
    if behind(training, hurt.course, training.modes.eval_loss):
        return True
    last = training.evaluations[-1] if training.evaluations else None
    if last is None:
        return False
    if constant and last.loss is not None and not last.loss < constant:
        return True
    if last.accuracy is None or probe is None:
        return False
    skill, possible = last.accuracy - probe.chance, probe.score - 2 * probe.stderr - probe.chance
    return possible > 0.05 and skill < possible / 2
