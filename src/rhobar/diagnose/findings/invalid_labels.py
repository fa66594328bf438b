"""Labels outside what the loss expects.

## What it does
Holds the targets against the domain of the loss: class indices in 0 … K−1, binary targets in [0, 1], rows
of class probabilities that sum to 1, counts that are not negative, −1 and 1 for margins and embeddings.

## Why it harms
An index outside 0 … K−1 stops the script. A binary target outside [0, 1] makes the loss unbounded below:
logits run away for ever. Probabilities that do not sum to 1 rescale the gradient of each row and move the
optimum.

## Threshold
Class indices, counts and signs: exact. Binary targets: half of the distance between the two labels, beyond which
a target is nearer to a label that does not exist than to its own; label smoothing and noisy labels stay
inside. Row sums: 1 %, above the rounding of a bfloat16 sum (2⁻⁸). Binary targets that never exceed ½ and
take two values were scaled twice.

## Known false alarms
A class 0 that is never used costs an output, nothing else, and does not fire.

## Example
`F.cross_entropy(model(x), y)` with y in 1 … K; `F.binary_cross_entropy_with_logits(model(x), y)` with y
in {−1, 1}

## Remedy
Re-encode.

## References
Bishop (2006), Pattern Recognition and Machine Learning, section 4.3.
"""

import re

from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.targets import CLASS_LOSSES, index_targets, num_classes
from rhobar.record import Evidence, LossFacts, Record, Remedy, TargetFacts, Training

__all__ = ["invalid_labels"]

OUT_OF_BOUNDS = re.compile(r"Target (-?\d+) is out of bounds")
SIGNED = ("hinge", "soft_margin", "hinge_embedding", "cosine_embedding", "margin_ranking")


@rule(
    "invalid-labels",
    kind="cause",
    why="The loss is defined for a certain coding of the labels only; outside it the loss fails, "
    "or falls without bound.",
    remedy=Remedy("Re-encode the labels as the loss expects them."),
    explains=(
        "not-learning",
        "underfitting",
        "exploding-gradient",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "nonfinite-values",
        "loss-spike",
        "saturated-units",
        "dead-units",
        "unscaled-targets",
        "gradient-ascent",
        "uninformative-labels",
        "unstable-formula",
        "miscalibration",
        "class-imbalance",
        "vanishing-gradient",
        "too-little-capacity",
        "loss-task-mismatch",
        "wrong-output-activation",
        "overfitting",
        "too-few-epochs",
        "badly-scaled-initialization",
        "unstable-optimizer-setting",
        "clipping-always-active",
    ),
    references=("Bishop (2006), Pattern Recognition and Machine Learning, section 4.3",),
)
def invalid_labels(training: Training, record: Record) -> Outcome:
    """Fire if the targets lie outside the loss's domain."""
    stopped = OUT_OF_BOUNDS.search(record.failure.message) if record.failure else None
    loss, targets = training.loss, training.targets
    if stopped is not None:
        return _index(int(stopped[1]), num_classes(loss) if loss else None, targets)
    if loss is None or targets is None:
        return unchecked("invalid-labels", "the targets were not seen")
    if targets.nonfinite >= 1:
        return None
    if loss.kind in CLASS_LOSSES and index_targets(loss, targets):
        classes = num_classes(loss)
        low = targets.minimum < 0 and record.failure is not None
        if classes is not None and (targets.maximum >= classes or low):
            return _index(round(targets.minimum if low else targets.maximum), classes, targets)
        return None
    if loss.kind in ("bce", "bce_with_logits"):
        return _binary(loss, targets)
    if loss.kind in ("soft_cross_entropy", "cross_entropy", "kl_div"):
        return _rows(loss, targets)
    if loss.kind in SIGNED:
        return _signed(loss, targets)
    if loss.kind == "poisson_nll" and targets.minimum < 0:
        return Seen(
            f"Poisson counts reach {targets.minimum:.3g}; a count cannot be negative.",
            0.7,
            0.95,
            (Evidence("smallest target", targets.minimum, 0.0),),
            remedy=Remedy("Hand the raw counts to the Poisson loss, not standardised ones."),
        )
    return None


def _index(label: int, classes: int | None, targets: TargetFacts | None) -> Seen:
    top = f"0 … {classes - 1}" if classes else "the indices of the outputs"
    low = min([v for v in targets.distinct if v != -100], default=0) if targets else 0
    shifted = label == classes or low == 1
    remedy = (
        Remedy("Count the classes from 0.", "y = y - 1")
        if shifted
        else Remedy("Map the labels to 0 … K−1.", "classes, y = torch.unique(y, return_inverse=True)")
    )
    return Seen(
        summary=f"Class label {label} lies outside {top}" + (f" that the {classes} outputs allow." if classes else "."),
        severity=1.0,
        confidence=0.98,
        evidence=(
            Evidence("offending class label", float(label), float(classes - 1) if classes and label >= 0 else 0.0),
        ),
        remedy=remedy,
    )


def _binary(loss: LossFacts, targets: TargetFacts) -> Outcome:
    name = loss.kind.replace("_", " ")
    excess = max(targets.maximum - 1, -targets.minimum)
    if not excess < 0.5:
        remedy = Remedy("Code the two labels as 0 and 1.", "y = (y > y.float().mean()).float()")
        if targets.minimum >= 0 and targets.maximum > 2:
            remedy = Remedy("Divide the targets by their largest value.", f"y = y / {targets.maximum:g}")
        elif set(targets.distinct) == {-1.0, 1.0}:
            remedy = Remedy("Code the two labels as 0 and 1.", "y = (y + 1) / 2")
        elif set(targets.distinct) == {1.0, 2.0}:
            remedy = Remedy("Code the two labels as 0 and 1.", "y = y - 1")
        return Seen(
            summary=f"The targets of {name} reach from {targets.minimum:.4g} to "
            f"{targets.maximum:.4g}, outside [0, 1]: "
            "the loss has no lower bound.",
            severity=1.0,
            confidence=0.98,
            evidence=(Evidence("distance of the targets from [0, 1]", excess, 0.5),),
            remedy=remedy,
        )
    if len(targets.distinct) == 2 and targets.maximum < 0.5 and not targets.constant_batches:
        top = targets.maximum
        return Seen(
            summary=f"The targets of {name} take the two values {targets.minimum:.3g} and "
            f"{top:.3g}; the label 1 is "
            "never reached.",
            severity=0.8,
            confidence=0.85,
            evidence=(Evidence("largest target", top, 0.5),),
            remedy=Remedy(
                "Code the two labels as 0 and 1; they were scaled twice.", f"y = (y > {top / 2:.3g}).float()"
            ),
        )
    return None


def _signed(loss: LossFacts, targets: TargetFacts) -> Outcome:
    """Losses that know the labels −1 and 1 only: a row labelled 0 adds nothing, or a constant."""
    strange = [(v, share) for v, share in zip(targets.distinct, targets.frequency, strict=False) if abs(v) != 1]
    if not targets.distinct or not strange:
        return None
    share = sum(part for _, part in strange)
    return Seen(
        summary=f"{share:.0%} of the labels of the {loss.kind.replace('_', ' ')} loss are {strange[0][0]:g}; it knows "
        "-1 and 1 only and passes no gradient for others.",
        severity=0.9,
        confidence=0.97,
        evidence=(Evidence("share of labels other than -1 and 1", share, 0.0),),
        remedy=Remedy("Code the two labels as -1 and 1.", "y = 2 * y - 1"),
    )


def _rows(loss: LossFacts, targets: TargetFacts) -> Outcome:
    error = targets.row_sum_error
    if error is None or error <= 0.01 or targets.minimum < 0 or (loss.kind == "kl_div" and targets.maximum <= 0):
        return None
    return Seen(
        summary=f"The class probabilities handed to {loss.kind.replace('_', ' ')} miss a row sum of "
        f"1 by up to {error:.3g}.",
        severity=0.6,
        confidence=0.85,
        evidence=(Evidence("largest error of a row sum", error, 0.01),),
        remedy=Remedy(
            "Hand over class indices or rows that sum to 1; labels that may hold together need a binary loss each.",
            "y = y / y.sum(1, keepdim=True)",
        ),
    )
