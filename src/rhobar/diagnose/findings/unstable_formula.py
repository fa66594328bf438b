"""A hand-written formula whose value or gradient is not finite where a stable form is.

## What it does
Fires when the first NaN or infinity was born in a logarithm, root, quotient, power or exponential whose
own inputs were finite, or when such a formula was spelled out by hand and the loss or its gradient became
non-finite.

## Why it harms
log p → −∞ and 1/p → ∞ as p → 0; eˣ overflows float32 beyond x = 88.7; the derivatives of √x at 0 and of
arccos x at ±1 are infinite.

## Threshold
Exact: non-finite output from finite input. A loss that had already risen to twice its start before that
came from an update that overshot; the formula is then less likely the first cause and its confidence is
halved.

## Known false alarms
Hand-written formulas that stay finite do not fire.

## Example
`-torch.log(torch.softmax(z, 1))[range(n), y].mean()`

## Remedy
The stable form: log_softmax, logsumexp, binary_cross_entropy_with_logits, or a small constant under root
and quotient.

## References
Blanchard, Higham, Higham (2021), Accurately computing the log-sum-exp and softmax functions.
"""

import math

from rhobar.diagnose.rule import Outcome, Seen, rule
from rhobar.record import BEFORE, Evidence, Record, Remedy, Training

__all__ = ["unstable_formula"]

OPERATIONS = (
    "Log",
    "Log1P",
    "Log2",
    "Log10",
    "Sqrt",
    "Rsqrt",
    "Div",
    "Exp",
    "Pow",
    "Reciprocal",
    "Acos",
    "Acosh",
    "Asin",
    "Atanh",
    "Erfinv",
    "Logit",
    "LinalgVectorNorm",
    "Norm",
)


@rule(
    "unstable-formula",
    kind="cause",
    why="The formula overflows, divides by 0 or takes the logarithm of 0 at values that the training reaches.",
    remedy=Remedy(
        "Use the stable form.",
        "log_p = F.log_softmax(z, dim=1)         # not log(softmax(z))\n"
        "loss = F.binary_cross_entropy_with_logits(z, y)\nroot = torch.sqrt(x + 1e-8)\n"
        "angle = torch.acos(cosine.clamp(-1 + 1e-6, 1 - 1e-6))",
    ),
    explains=(
        "nonfinite-values",
        "loss-spike",
        "exploding-gradient",
        "not-learning",
        "learning-rate-too-high",
        "underfitting",
        "dead-units",
        "saturated-units",
        "gradient-ascent",
        "unstable-optimizer-setting",
    ),
    references=("Blanchard, Higham, Higham (2021), Accurately computing the log-sum-exp and softmax functions",),
)
def unstable_formula(training: Training, record: Record) -> Outcome:
    """Fire if a non-finite value was born in a formula that has a stable form."""
    first, written = training.nonfinite, training.structure.hand_written
    if first is None or first.phase in ("input", "target", "parameter"):
        return None
    inputs, targets = training.inputs, training.targets
    data = (inputs is not None and inputs.nonfinite > 0 and not inputs.given_finite) or (
        targets is not None
        and targets.nonfinite > 0
        and (targets.nonfinite_where or (0, 0))[0] <= first.step
        and not first.fed_finite
    )
    operation = first.operation.rstrip("0123456789").removesuffix("Backward")
    born = first.born and operation in (*OPERATIONS, BEFORE)
    if data or not (born or written):
        return None
    before = [x for x in training.losses[: first.step] if math.isfinite(x)]
    rose = len(before) >= 2 and before[-1] > 2 * abs(before[0])
    place = (
        f"in {operation} ({first.where or 'the loss'}), in the formula {written[0]}" if written else f"in {operation}"
    )
    if first.operation in (*written, ", ".join(written)):
        place = f"in the formula {written[0]} ({first.where or 'the loss'})"
    elif operation == BEFORE:
        place = f"before {first.where}, in a formula of the model's own"
    elif not written:
        place += f" of {first.where or 'the loss'}"
    return Seen(
        summary=f"The first non-finite value appeared at step {first.step} {place}"
        f"{': ' + first.detail if first.detail else ''}.",
        severity=0.9,
        confidence=(0.9 if born and written else 0.7) * (0.5 if rose else 1.0),
        where=(first.where,) if first.where else (),
        evidence=(Evidence("step of the first non-finite value", float(first.step)),),
    )
