"""NaN or infinity among inputs or targets.

## What it does
Reads every row that enters the first linear map and every target. Fires on the first value that is not a
finite number.

## Why it harms
One NaN makes the loss NaN, its gradient NaN, and with the next step every weight NaN: the model is lost
for good.

## Threshold
Zero: no finite training has a use for a non-finite value.

## Known false alarms
Data with NaN that the model itself masks before the first linear map are not seen here and do not fire. A model
that makes NaN of finite data before its first layer, and targets that are finite until the weights are not, are
effects of a formula and do not fire either.

## Example
`np.log(counts)` where a count is 0

## Remedy
Drop or impute the rows; look for log(0), division by 0 and missing cells in the pipeline.

## References
Little, Rubin (2019), Statistical Analysis with Missing Data.
"""

import math

from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["nonfinite_data"]


@rule(
    "nonfinite-data",
    kind="cause",
    why="A single NaN or infinity spreads through the loss and its gradient into every weight.",
    remedy=Remedy(
        "Drop or impute the offending rows before training, and assert that the rest is finite.",
        "keep = torch.isfinite(x).all(1) & torch.isfinite(y)\nx, y = x[keep], y[keep]",
    ),
    explains=(
        "nonfinite-values",
        "not-learning",
        "underfitting",
        "exploding-gradient",
        "learning-rate-too-high",
        "loss-spike",
        "dead-units",
        "saturated-units",
        "unstable-formula",
        "vanishing-gradient",
        "unstable-optimizer-setting",
        "badly-scaled-initialization",
        "unscaled-inputs",
        "unscaled-targets",
        "no-optimizer-step",
        "gradient-ascent",
        "uninformative-labels",
        "too-little-capacity",
        "rank-collapse",
        "invalid-labels",
        "class-imbalance",
        "missing-nonlinearity",
        "wrong-output-activation",
        "train-mode-evaluation",
        "degenerate-batch-norm",
    ),
    references=("Little, Rubin (2019), Statistical Analysis with Missing Data",),
)
def nonfinite_data(training: Training, record: Record) -> Outcome:
    """Fire on the first non-finite input or target."""
    inputs, targets, first = training.inputs, training.targets, training.nonfinite
    where, summary, share = "", "", 0.0
    if inputs is not None and inputs.given_finite:
        return None
    if inputs is not None and not inputs.nonfinite <= 0:
        share = inputs.nonfinite
        features = ", ".join(map(str, inputs.nonfinite_features[:5])) or "unknown"
        where = f"input feature {features}"
        summary = f"{100 * share:.3g} % of the input values are NaN or infinite (features {features}"
        if inputs.nonfinite_where is not None:
            step, row, feature = inputs.nonfinite_where
            summary += f"; first at step {step}, row {row}, feature {feature}"
        summary += ")."
    elif targets is not None and not targets.nonfinite <= 0 and not _spread(training):
        share, where = targets.nonfinite, "targets"
        summary = f"{100 * share:.3g} % of the target values are NaN or infinite"
        if targets.nonfinite_where is not None:
            summary += f" (first at step {targets.nonfinite_where[0]}, row {targets.nonfinite_where[1]})"
        summary += "."
    elif first is not None and first.phase in ("input", "target"):
        share, where = math.nan, first.where
        summary = f"A NaN or infinite {first.phase} entered at step {first.step} ({first.where})."
    elif inputs is None and targets is None:
        return unchecked("nonfinite-data", "neither inputs nor targets were seen")
    else:
        return None
    return Seen(
        summary=summary,
        severity=1.0,
        confidence=0.99,
        where=(where,),
        evidence=(Evidence("share of non-finite values", share, 0.0),),
    )


def _spread(training: Training) -> bool:
    """Whether the targets were finite until weights or losses were not: targets that the network itself makes."""
    first, targets = training.nonfinite, training.targets
    if first is None or targets is None or targets.nonfinite_where is None:
        return False
    begun = targets.nonfinite_where[0]
    return first.born and (first.step < begun or (first.fed_finite and first.step == begun))
