"""The loss does not fit the targets.

## What it does
Fires on a squared, absolute or Huber loss whose targets are class labels (one-hot rows, class indices
that do not lie on a line, 0/1 labels that were learned badly), on a binary loss per class whose classes
exclude each other, and on a cross-entropy of real-valued targets, of a single class, or across the batch.

## Why it harms
A class index is a name, not a size: the squared loss then asks for averages between names. Binary losses
per class let the many zeros outweigh the one. Cross-entropy of a single class is 0 for every input.

## Threshold
Class indices: exclusive classes spread over K − 1 directions, 1/(K − 1) of the scatter on each; ordered
ones lie on one. Fires when the largest share is below the middle, (1 + 1/(K − 1))/2. Without that
measurement only integer dtypes count. 0/1 labels under a squared loss are a proper score (Brier), so they
fire only where the training falls short (`rhobar.diagnose.harm`). One-hot rows, a single class and
targets outside [0, 1] are exact.

## Known false alarms
Squared or binary losses chosen on purpose for exclusive classes; images of zeros and ones do not fire,
nor batches with one label each (least-squares GANs).

## Example
`F.mse_loss(model(x).squeeze(1), digit.float())`

## Remedy
Cross-entropy for exclusive classes, binary cross-entropy for labels that may hold together, squared error
for values.

## References
Bishop (2006), Pattern Recognition and Machine Learning, section 5.2.
"""

from rhobar.diagnose.harm import harm
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.targets import REGRESSION, one_per_row, steps_of_scale
from rhobar.record import Evidence, LossFacts, Record, Remedy, TargetFacts, Training

__all__ = ["loss_task_mismatch"]

CROSS_ENTROPY = Remedy(
    "Give the network one output per class and use cross-entropy on the class indices.",
    "loss = F.cross_entropy(logits, y.long())  # logits: (batch, classes)",
)
SQUARED = Remedy("Use a squared error for real-valued targets.", "loss = F.mse_loss(prediction, y)")
NAMES = {"mse": "squared loss", "l1": "absolute loss", "huber": "Huber loss", "bce": "binary cross-entropy"}


@rule(
    "loss-task-mismatch",
    kind="cause",
    why="The loss stands for another kind of target than the data hold, so its optimum is not the answer sought.",
    remedy=CROSS_ENTROPY,
    explains=(
        "not-learning",
        "underfitting",
        "saturated-units",
        "vanishing-gradient",
        "learning-rate-too-low",
        "dead-units",
        "too-little-capacity",
        "miscalibration",
        "unscaled-targets",
        "wrong-output-activation",
        "no-optimizer-step",
        "unoptimized-parameters",
        "detached-parameters",
        "symmetric-initialization",
        "invalid-labels",
        "class-imbalance",
        "too-few-epochs",
        "exploding-gradient",
        "learning-rate-too-high",
        "gradient-ascent",
        "rank-collapse",
        "uninformative-labels",
        "excessive-regularization",
        "overfitting",
        "badly-scaled-initialization",
        "batch-size-misfit",
        "loss-spike",
        "unfit-activation",
    ),
    references=("Bishop (2006), Pattern Recognition and Machine Learning, section 5.2",),
)
def loss_task_mismatch(training: Training, record: Record) -> Outcome:
    """Fire if the loss stands for another kind of target."""
    loss, targets = training.loss, training.targets
    if loss is None:
        return unchecked("loss-task-mismatch", "the loss was not seen")
    single = _single_class(loss)
    if single is not None:
        return single
    if targets is None:
        return unchecked("loss-task-mismatch", "the targets were not seen")
    if targets.constant_batches or targets.nonfinite >= 1:
        return None
    if loss.kind in ("cross_entropy", "soft_cross_entropy"):
        return _real_targets(loss, targets)
    if loss.kind in (*REGRESSION, "bce", "bce_with_logits"):
        return _exclusive(loss, targets) or _indices(training, loss, targets) or _binary(training, loss, targets)
    return None


def _found(loss: LossFacts, text: str, severity: float, confidence: float, remedy: Remedy, evidence: Evidence) -> Seen:
    where = (loss.output_layer,) if loss.output_layer else ()
    return Seen(text + ".", severity, confidence, (evidence,), where, remedy)


def _single_class(loss: LossFacts) -> Seen | None:
    shape = loss.output_shape
    if loss.kind in ("cross_entropy", "soft_cross_entropy") and len(shape) >= 2 and shape[1] == 1:
        return _found(
            loss,
            f"Cross-entropy over a single output (prediction {shape}) is 0 whatever the network answers",
            1.0,
            0.99,
            Remedy(
                "Squared error for a value, a binary loss for one label.",
                "loss = F.mse_loss(prediction, y)  # or F.binary_cross_entropy_with_logits",
            ),
            Evidence("classes", 1.0, 2.0),
        )
    return None


def _real_targets(loss: LossFacts, targets: TargetFacts) -> Seen | None:
    if "float" not in targets.dtype:
        return None
    across = len(loss.output_shape) == 1 and loss.target_shape == loss.output_shape and loss.output_shape[0] > 1
    if across:
        return _found(
            loss,
            f"Prediction and target are vectors of {loss.output_shape[0]} rows, so the softmax runs across the batch",
            0.95,
            0.95,
            SQUARED,
            Evidence("axes of the prediction", 1.0, 2.0),
        )
    outside = max(-targets.minimum, targets.maximum - 1)
    if not outside <= 0.01 and not targets.integral:
        return _found(
            loss,
            f"Cross-entropy received real-valued targets between {targets.minimum:.3g} and {targets.maximum:.3g}",
            0.9,
            0.95,
            SQUARED,
            Evidence("distance of the targets from [0, 1]", outside, 0.01),
        )
    return None


def _exclusive(loss: LossFacts, targets: TargetFacts) -> Seen | None:
    columns = targets.shape[-1] if len(targets.shape) == 2 else 0
    if not targets.one_hot or columns < 3:
        return None
    name = NAMES.get(loss.kind, "binary cross-entropy")
    return _found(
        loss,
        f"Every target row holds a single one among {columns} columns: these are exclusive classes, under a {name}",
        0.5,
        0.9,
        CROSS_ENTROPY,
        Evidence("exclusive classes", float(columns), 3.0),
    )


def _indices(training: Training, loss: LossFacts, targets: TargetFacts) -> Seen | None:
    classes = steps_of_scale(targets)
    if classes is None or not one_per_row(targets):
        return None
    line = training.labels.ordinal if training.labels else None
    limit = (1 + 1 / (classes - 1)) / 2
    if (line is None and "int" not in targets.dtype) or (line is not None and line >= limit):
        return None
    evidence = (
        Evidence("share of the class scatter along one direction", line, limit)
        if line is not None
        else Evidence("class indices as targets", float(classes), 3.0)
    )
    name = NAMES.get(loss.kind, "binary cross-entropy")
    return _found(
        loss,
        f"The targets are the indices of {classes} classes that lie on no line, predicted as one number under a {name}",
        0.8,
        0.85 if line is not None else 0.6,
        CROSS_ENTROPY,
        evidence,
    )


def _binary(training: Training, loss: LossFacts, targets: TargetFacts) -> Seen | None:
    labels = set(targets.distinct) in ({0.0, 1.0}, {-1.0, 1.0}) and one_per_row(targets)
    hurt = harm(training)
    if loss.kind not in REGRESSION or not labels or hurt is None or not hurt.falls_short:
        return None
    return _found(
        loss,
        f"The targets are two class labels under a {NAMES[loss.kind]}, and the loss ended at {hurt.course.end:.3g}",
        0.4,
        0.6,
        Remedy("Use the binary cross-entropy on logits.", "loss = F.binary_cross_entropy_with_logits(logits, y)"),
        Evidence("training loss at the end", hurt.course.end, hurt.course.constant, "", hurt.course.noise),
    )
