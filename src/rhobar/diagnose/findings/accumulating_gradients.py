"""Gradients of earlier steps are still there when the next ones arrive: `zero_grad` is missing.

## What it does
Counts the optimizer steps whose gradients still held those of a step before.

## Why it harms
The sum of all past gradients is momentum with β = 1: it never forgets, the step grows with t, and on a
quadratic the weights oscillate for ever without coming closer.

## Known false alarms
Accumulation over several batches clears once per step and is not counted.

## Threshold
Half of at least three steps. A loop either clears or it does not, so the share is near 0 or near 1; the half
leaves room for a loop that clears on a schedule of its own.

## Example
`loss.backward(); optimizer.step()`

## Remedy
`optimizer.zero_grad()` before each backward pass.

## References
PyTorch documentation, torch.optim.Optimizer.zero_grad.
"""

from rhobar.diagnose.progress import progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["accumulating_gradients"]

_SHARE = 0.5
_MIN_STEPS = 3


@rule(
    "accumulating-gradients",
    kind="cause",
    why="backward() adds to .grad; without zero_grad() each step applies the sum of all gradients so far, "
    "which is momentum that never decays.",
    remedy=Remedy("Clear the gradients before each backward pass.", "optimizer.zero_grad()\nloss.backward()"),
    explains=(
        "not-learning",
        "underfitting",
        "learning-rate-too-high",
        "exploding-gradient",
        "loss-spike",
        "dead-units",
        "saturated-units",
        "nonfinite-values",
        "clipping-always-active",
        "gradient-ascent",
        "unstable-optimizer-setting",
        "vanishing-gradient",
        "rank-collapse",
        "too-little-capacity",
        "attention-logit-growth",
    ),
    references=("PyTorch documentation, torch.optim.Optimizer.zero_grad",),
)
def accumulating_gradients(training: Training, record: Record) -> Outcome:
    """Fire if half of the steps applied gradients of earlier steps too."""
    if training.num_steps == 0:
        return None
    if training.num_steps < _MIN_STEPS:
        return unchecked(
            "accumulating-gradients", f"only {training.num_steps} optimizer steps, {_MIN_STEPS} are needed"
        )
    share = training.uncleared_steps / training.num_steps
    if share < _SHARE:
        return None
    course = progress(training)
    harmed = course is not None and fell_short(training, course)
    return Seen(
        summary=f"{training.uncleared_steps} of {training.num_steps} steps used gradients that still held "
        "those of "
        "earlier steps: zero_grad() is missing.",
        severity=0.9 if harmed else 0.7,
        confidence=0.97,
        evidence=(Evidence("share of steps with uncleared gradients", share, _SHARE),),
    )
