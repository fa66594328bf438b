"""One class so frequent that the constant answer scores as well as the model.

## What it does
Fires when one class holds at least nine of ten labels and the training ends no better than the best
constant answer: its loss is not lower although a simple probe finds a signal, or the trained network finds
less than half of the rows of the other classes among the batches it was trained on.

## Why it harms
The frequent class provides most of the gradient; answering it always is a plateau that is hard to leave.

## Threshold
At a share of 0.9 the frequent class outweighs all others together 9 : 1. "No better": the loss is less
than 5 % below the constant answer's (`Progress.stuck`), whose loss already contains the imbalance. Half of the
rare rows is where a coin would do as well: P(X ≤ found) for X ~ Bin(rare rows, ½) must be less than that of two
standard deviations, 0.023, which takes six rare rows at least.

## Known false alarms
None while the loss falls below the constant answer's; imbalance alone never fires.

## Example
990 healthy and 10 sick patients, accuracy 0.99

## Remedy
Weight the classes or sample them evenly; judge by a balanced score.

## References
He, Garcia (2009), Learning from imbalanced data.
"""

import math

from rhobar.diagnose.harm import harm
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.targets import CLASS_LOSSES
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["class_imbalance"]

FREQUENT = 0.9
TWO_SIGMA = math.erfc(math.sqrt(2)) / 2
"""How often a normal variable lies two standard deviations below its mean: 0.023."""


@rule(
    "class-imbalance",
    kind="cause",
    why="The frequent class provides most of the gradient, and answering it always is hard to improve on.",
    remedy=Remedy(
        "Weight the classes by their inverse frequency, or sample them evenly.",
        "counts = torch.bincount(y)\nloss = F.cross_entropy(logits, y, weight=len(y) / (len(counts) * counts.float()))",
    ),
    explains=(
        "not-learning",
        "underfitting",
        "miscalibration",
        "learning-rate-too-low",
        "too-little-capacity",
    ),
    references=("He, Garcia (2009), Learning from imbalanced data",),
)
def class_imbalance(training: Training, record: Record) -> Outcome:
    """Fire if the commonest class is nearly all there is and nothing else was learned."""
    loss, targets, hurt = training.loss, training.targets, harm(training)
    if loss is None or targets is None or hurt is None:
        return unchecked("class-imbalance", "the targets were not seen")
    if loss.kind not in (*CLASS_LOSSES, "bce", "bce_with_logits") or not targets.frequency:
        return None
    share = max(targets.frequency)
    alone = len(targets.distinct) < 2 or targets.constant_batches
    if alone or share < FREQUENT or not hurt.course.finite:
        return None
    text = f"Class {targets.distinct[targets.frequency.index(share)]:g} holds {100 * share:.1f} % of the labels, and "
    frequent = Evidence("share of the commonest class", share, FREQUENT)
    answers = training.answers
    if answers is not None:
        found = round(answers.rare_recall * answers.num_rare)
        if _chance_of(found, answers.num_rare) < TWO_SIGMA:
            stderr = math.sqrt(answers.rare_recall * (1 - answers.rare_recall) / answers.num_rare)
            return Seen(
                summary=f"{text}the trained network finds {answers.rare_recall:.0%} of the {answers.num_rare} others "
                f"among {answers.num_rows} training rows (accuracy {answers.accuracy:.3f}).",
                severity=0.6,
                confidence=0.8,
                evidence=(frequent, Evidence("share of the rare rows found", answers.rare_recall, 0.5, stderr=stderr)),
            )
    probe = training.labels
    signal = probe is None or probe.informative
    if not hurt.course.stuck or not signal:
        return None
    return Seen(
        summary=f"{text}the training loss ({hurt.course.end:.3g}) is no better than the best constant answer's.",
        severity=0.6,
        confidence=0.6 if probe is not None else 0.4,
        evidence=(
            frequent,
            Evidence("training loss at the end", hurt.course.end, hurt.course.constant, "", hurt.course.noise),
        ),
    )


def _chance_of(found: int, num_rows: int) -> float:
    """P(X ≤ found) for X ~ Bin(num_rows, ½): that a coin would find no more; ½ stands for all that is not less.

    From the largest term down: C(n, k − 1) = C(n, k) k/(n − k + 1).
    """
    if 2 * found >= num_rows:
        return 0.5
    n, k = num_rows, found
    term = math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))
    total = 0.0
    while k >= 0 and total + term > total:
        total, term, k = total + term, term * k / (n - k + 1), k - 1
    return total
