"""Units of a layer start identical and stay so.

## What it does
Compares the rows of every trained weight matrix with each other, at the start and at the end. Fires when
the units of a hidden layer are copies at both.

## Why it harms
Equal units get equal gradients: gradient descent keeps them equal for ever, and the layer is one unit
wide. With all weights zero not even that moves.

## Threshold
For a continuous random initialisation the probability of two equal rows is 0, so nine in ten copies (a
last batch of dead or unseen rows is allowed for) never come by chance. A zero initialisation that breaks
up in training (last layer, residual branch, LoRA's B) is legitimate and is told apart by the second look
at the end.

## Known false alarms
Fixed filters; they are not trainable and are not judged.

## Example
`nn.init.constant_(layer.weight, 0.05)`

## Remedy
Draw the weights at random; zeros are for biases.

## References
Rumelhart, Hinton, Williams (1986), Learning internal representations by error propagation; Goodfellow,
Bengio, Courville (2016), Deep Learning, section 8.4.
"""

from rhobar.diagnose.harm import harm
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, ParameterFacts, Record, Remedy, Training

__all__ = ["symmetric_initialization"]

COPIES = 0.9


@rule(
    "symmetric-initialization",
    kind="cause",
    why="Identical units receive identical gradients and stay identical: the layer is one unit wide.",
    remedy=Remedy(
        "Draw the weights at random.",
        "nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')\nnn.init.zeros_(layer.bias)",
    ),
    explains=(
        "not-learning",
        "underfitting",
        "too-little-capacity",
        "vanishing-gradient",
        "dead-units",
        "no-optimizer-step",
        "rank-collapse",
        "learning-rate-too-low",
        "badly-scaled-initialization",
        "unoptimized-parameters",
        "detached-parameters",
        "unfit-activation",
        "learning-rate-too-high",
        "too-few-epochs",
        "uninformative-labels",
        "saturated-units",
        "excessive-regularization",
        "class-imbalance",
        "batch-size-misfit",
    ),
    references=("Goodfellow, Bengio, Courville (2016), Deep Learning, section 8.4",),
)
def symmetric_initialization(training: Training, record: Record) -> Outcome:
    """Fire if a hidden layer's units are copies of each other at both ends of the training."""
    # One that was left out did not start wrong: its gradient told its units apart, and nobody took the step.
    matrices = [p for p in training.parameters if _is_weight(p) and not p.left_out]
    if not matrices:
        return unchecked("symmetric-initialization", "no weight matrix was seen")
    copies = [p for p in matrices if not p.identical_units < COPIES and not p.identical_units_end < COPIES]
    hidden = [p for p in copies if not _is_output(p, training)]
    if not hidden:
        return _late_break(matrices, training)
    zero = all(p.initial_std == 0 and not p.moved for p in hidden)
    return Seen(
        summary=f"All units of {hidden[0].name}{' and others' if len(hidden) > 1 else ''} started equal and "
        f"{'did not move' if zero else 'are still equal at the end'} ({len(hidden)} of "
        f"{len(matrices)} weight matrices).",
        severity=1.0 if 2 * len(hidden) >= len(matrices) else 0.7,
        confidence=0.97,
        where=tuple(p.name for p in hidden[:5]),
        evidence=(
            Evidence("share of equal units at the start", hidden[0].identical_units, COPIES),
            Evidence("share of equal units at the end", hidden[0].identical_units_end, COPIES),
        ),
    )


def _late_break(matrices: list[ParameterFacts], training: Training) -> Seen | None:
    """All matrices started with equal units and rounding alone parted them, too late for this training."""
    hurt = harm(training)
    equal = [p for p in matrices if p.identical_units >= COPIES]
    if len(equal) < max(2, len(matrices)) or hurt is None:
        return None
    if hurt.explained is not None and hurt.explained >= 0.9 * (hurt.attainable or 1.0):
        return None  # dropout or another noise parted the units in time
    return Seen(
        summary=f"All units of all {len(equal)} weight matrices started equal; only rounding parted them, and the "
        f"loss fell from {hurt.course.start:.3g} to no less than {hurt.course.end:.3g}.",
        severity=0.95 if hurt.falls_short else 0.6,
        confidence=0.95,
        where=tuple(p.name for p in equal[:5]),
        evidence=(Evidence("share of equal units at the start", equal[0].identical_units, COPIES),),
    )


def _is_output(p: ParameterFacts, training: Training) -> bool:
    """Whether the rows of p are the outputs; of a last weight kept as (in, out) they are hidden units."""
    loss = training.loss
    if loss is None or not loss.output_layer or p.name not in (loss.output_layer, f"{loss.output_layer}.weight"):
        return False
    return not loss.output_shape or p.shape[0] in loss.output_shape[1:] or p.shape[0] == p.shape[1]


def _is_weight(p: ParameterFacts) -> bool:
    plain = "Norm" not in p.module and "Embedding" not in p.module
    trained = p.trainable and p.used and p.reached and not p.moved_before
    return plain and trained and len(p.shape) >= 2 and p.shape[0] >= 2 and max(p.fan_in, p.shape[1]) >= 1
