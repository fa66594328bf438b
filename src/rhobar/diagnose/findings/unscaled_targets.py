"""Regression targets whose scale or offset the output must first climb to.

## What it does
Compares the offset and spread of the targets of a squared, absolute or Huber loss with the unit scale at
which every standard initialisation starts its output. Fires when they are ten times away and the run was
hurt: it fell short, is beaten by a simple probe of standardised rows, or spent a tenth of its steps above the
loss of the best constant answer.

## Why it harms
The output must travel the whole offset before anything about the inputs is learned. With Adam each weight
moves by at most about the learning rate per step; with gradient descent the gradient grows with the scale
and overshoots.

## Threshold
Standard initialisations give outputs of variance at most 2. Targets with max(offset, std) ≥ 10 therefore
make at least 100/102 of the first squared loss mere scale; at ≤ 1/10 at least 1/(1 + 1/100) of it is the
output's own initial noise, which must be unlearned. The harm's thresholds are derived in
`rhobar.diagnose.harm`.

## Known false alarms
None known: raw targets that are reached quickly do not fire.

## Example
`F.mse_loss(model(x), price_in_euro)`

## Remedy
Standardise the targets; invert on prediction.

## References
LeCun, Bottou, Orr, Müller (1998), Efficient BackProp.
"""

import math

from rhobar.diagnose.harm import harm
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.targets import REGRESSION
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["unscaled_targets"]

LARGE = 10.0
"""Scale of the targets at which 99 % of the first squared loss is scale alone."""


@rule(
    "unscaled-targets",
    kind="cause",
    why="A network starts with outputs of unit scale; before it learns anything about the inputs "
    "it must climb to the "
    "targets' offset and spread, and the size of its gradients depends on their unit.",
    remedy=Remedy(
        "Standardise the targets with the training rows' statistics and invert when predicting.",
        "mean, std = y_train.mean(0), y_train.std(0)\ny_train = (y_train - mean) / std\n"
        "prediction = model(x) * std + mean",
    ),
    explains=(
        "learning-rate-too-low",
        "learning-rate-too-high",
        "exploding-gradient",
        "vanishing-gradient",
        "not-learning",
        "underfitting",
        "loss-spike",
        "nonfinite-values",
        "dead-units",
        "saturated-units",
        "too-few-epochs",
        "clipping-always-active",
        "badly-scaled-initialization",
        "too-little-capacity",
        "unstable-optimizer-setting",
        "excessive-regularization",
        "rank-collapse",
        "excessive-dropout",
        "unfit-activation",
    ),
    references=("LeCun, Bottou, Orr, Müller (1998), Efficient BackProp",),
)
def unscaled_targets(training: Training, record: Record) -> Outcome:
    """Fire if the targets are ten times off the initial output's scale and the run was hurt."""
    loss, targets, hurt = training.loss, training.targets, harm(training)
    if loss is None or targets is None or hurt is None:
        return unchecked("unscaled-targets", "the targets were not seen")
    if targets.nonfinite > 0:
        return None
    real = loss.kind in REGRESSION or (loss.kind == "custom" and "float" in targets.dtype and not targets.integral)
    scale = max(targets.offset, targets.std)
    if not real or not math.isfinite(scale) or 1 / LARGE < scale < LARGE or scale == 0:
        return None
    small = scale < 1
    noisy_start = hurt.excess is not None and not hurt.excess < LARGE**2
    if not (hurt.falls_short or hurt.long_climb or hurt.beaten) or (small and not noisy_start):
        return None
    share = 1.0 if hurt.climb is None else hurt.climb
    climbing = (
        "the loss became non-finite"
        if not hurt.course.finite
        else f"the loss needed {100 * share:.0f} % of the steps to fall below that of a constant answer"
        if share < 1
        else "the loss never fell below that of a constant answer"
    )
    return Seen(
        summary=f"The targets have an offset of {targets.offset:.4g} and a standard deviation of "
        f"{targets.std:.4g} "
        f"while the output starts at unit scale; {climbing}.",
        severity=0.9 if hurt.falls_short else 0.6,
        confidence=0.95 if not small else 0.7,
        where=(loss.output_layer,) if loss.output_layer else (),
        evidence=(
            Evidence("scale of the targets", scale, 1 / LARGE if small else LARGE),
            Evidence("share of steps above the constant answer's loss", share, 0.1),
            Evidence("first training loss", hurt.course.start, hurt.course.constant),
        ),
    )
