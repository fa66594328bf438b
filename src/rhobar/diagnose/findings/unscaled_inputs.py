"""Input features far from zero mean and unit scale, in a training that suffered.

## What it does
Reads the second moment mean² + std² of every feature that enters the first linear map. Fires when the
largest root mean square is 10 or more and the run was hurt: it ended far below what a simple probe
attains on the same data, or clearly worse on its own rows than such a probe of standardised inputs is on rows
it has not seen, spent a tenth of its steps above the loss of the best constant answer, or ended where one more step
like its last undoes all that was learned.

## Why it harms
The curvature of the first layer is E[δ² x xᵀ]: its largest eigenvalue grows with the second moment of the
largest feature, and the condition number with the ratio of the moments. Initialisations assume a second
moment of 1.

## Threshold
Curvature is proportional to E x². At rms 10 it is 100 times what the initialisation and the usual
learning rates are made for, and the largest stable rate of gradient descent, 2/λ_max, is 100 times
smaller. Many healthy programs train on raw values, so the scale alone never fires: see
`rhobar.diagnose.harm` for the harm and its null distribution.

## Known false alarms
A net that falls short for another reason on raw inputs: both findings are then listed.

## Example
`torch.tensor(pixels_0_to_255, dtype=torch.float32)`

## Remedy
Standardise with the mean and standard deviation of the training rows.

## References
LeCun, Bottou, Orr, Müller (1998), Efficient BackProp.
"""

import math
from statistics import median

from rhobar.diagnose.findings.learning_rate_too_high import ruin
from rhobar.diagnose.harm import Harm, harm
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, InputFacts, Record, Remedy, Training

__all__ = ["unscaled_inputs"]

LARGE = 10.0
"""rms of a feature from which the curvature is 100 times that of standardised data."""


@rule(
    "unscaled-inputs",
    kind="cause",
    why="The curvature of the first layer grows with the square of its inputs: rates and "
    "initialisations that fit "
    "unit inputs overshoot or saturate, and features of different size need different rates.",
    remedy=Remedy(
        "Standardise every feature with the statistics of the training rows.",
        "mean, std = x_train.mean(0), x_train.std(0)\nx_train = (x_train - mean) / (std + 1e-8)\n"
        "x_val = (x_val - mean) / (std + 1e-8)",
    ),
    explains=(
        "learning-rate-too-high",
        "learning-rate-too-low",
        "exploding-gradient",
        "vanishing-gradient",
        "dead-units",
        "saturated-units",
        "not-learning",
        "loss-spike",
        "nonfinite-values",
        "badly-scaled-initialization",
        "unfit-activation",
        "underfitting",
        "too-little-capacity",
        "rank-collapse",
        "clipping-always-active",
        "too-few-epochs",
        "unstable-optimizer-setting",
        "excessive-regularization",
        "class-imbalance",
        "excessive-dropout",
        "missing-nonlinearity",
        "overfitting",
        "miscalibration",
        "attention-logit-growth",
    ),
    references=("LeCun, Bottou, Orr, Müller (1998), Efficient BackProp",),
)
def unscaled_inputs(training: Training, record: Record) -> Outcome:
    """Fire if a feature's second moment is 100 or more and the run was hurt."""
    inputs, hurt = training.inputs, harm(training)
    if inputs is not None and inputs.integer:
        return None
    if inputs is None or hurt is None or not inputs.mean:
        return unchecked("unscaled-inputs", "the data entering the first linear map were not seen")
    rms = _rms(inputs)
    if not rms:
        return None
    index, largest = max(rms.items(), key=lambda item: item[1])
    if largest < LARGE:
        return None
    undone = ruin(training, hurt.course)
    if not (hurt.falls_short or hurt.long_climb or hurt.beaten or undone):
        return None
    positive = [r for r in rms.values() if r > 0]
    smallest, middle = min(positive), median(positive)
    course = hurt.course
    return Seen(
        summary=f"Input feature {index} has a root mean square of {largest:.4g} (smallest "
        f"{smallest:.3g}), so the "
        f"curvature of the first layer is {largest**2:.3g} times that of standardised inputs; "
        f"{_harm_text(hurt, undone)}.",
        severity=0.9 if hurt.falls_short else 0.6,
        confidence=min(0.95, 0.75 + 0.1 * math.log10(largest)),
        where=(f"input feature {index}",),
        evidence=(
            Evidence("largest feature root mean square", largest, LARGE),
            Evidence("median feature root mean square", middle, 1.0),
            Evidence("offset of that feature", abs(inputs.mean[index]), LARGE),
            Evidence("training loss at the end", course.end, course.constant, "", course.noise),
            *([undone] if undone else []),
        ),
    )


def _rms(inputs: InputFacts) -> dict[int, float]:
    pairs = enumerate(zip(inputs.mean, inputs.std, strict=False))
    return {j: math.hypot(m, s) for j, (m, s) in pairs if math.isfinite(m) and math.isfinite(s)}


def _harm_text(hurt: Harm, undone: Evidence | None) -> str:
    if not hurt.course.finite:
        return "the loss became non-finite"
    if hurt.falls_short and hurt.explained is not None:
        return f"the training removed {100 * hurt.explained:.3g} % of the best constant answer's loss"
    if undone and not (hurt.falls_short or hurt.long_climb):
        return (
            f"one more full step takes the loss to {undone.value:.3g}, above the {hurt.course.constant:.3g} of a "
            "constant answer"
        )
    if hurt.falls_short or hurt.climb is None:
        return f"the loss went from {hurt.course.start:.3g} to {hurt.course.end:.3g}"
    return f"{100 * hurt.climb:.0f} % of the steps went by before the loss fell below the best constant answer's"
