"""Gradients arrive, the weights never change.

## What it does
Fires when there were backward passes but no optimizer step; when gradients were cleared between `backward`
and `step`; or when steps were taken and no held parameter moved although gradients were there and the rate
was not zero.

## Why it harms
Nothing is learned: the loss is that of the initial weights.

## Known false alarms
Programs that differentiate without training (saliency, attacks, Fisher information) own no optimizer and do
not pass over the same rows again and again; gradients taken from weights that were trained before are not a
training either.

## Threshold
Ten backward passes: accumulation over more batches than that before the very first step is rare, and the
script would have made no step at all. Without an optimizer, two full epochs as well.

## Example
`loss.backward(); optimizer.zero_grad(); optimizer.step()`

## Remedy
`zero_grad`, `backward`, `step`, in this order.

## References
PyTorch documentation, torch.optim: Taking an optimization step.
"""

import math

from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["no_optimizer_step"]

_MIN_BACKWARDS = 10
_LOOP = 100
"""Backward passes from which a program of bare tensors, whose rows are not seen, is taken for a training."""


@rule(
    "no-optimizer-step",
    kind="cause",
    why="Without a step that uses the gradients the weights stay as they were drawn.",
    remedy=Remedy(
        "Clear, differentiate, step, in this order.",
        "optimizer.zero_grad()\nloss.backward()\noptimizer.step()",
    ),
    explains=(
        "not-learning",
        "underfitting",
        "learning-rate-too-low",
        "too-few-epochs",
        "vanishing-gradient",
        "badly-scaled-initialization",
    ),
    references=("PyTorch documentation, torch.optim: Taking an optimization step",),
)
def no_optimizer_step(training: Training, record: Record) -> Outcome:
    """Fire if gradients arrived and nothing moved."""
    num_backwards = len(training.losses)
    bare = training.optimizer is None and not training.batch_sizes  # `torch.autograd.grad` leaves nothing in .grad
    reached = [
        p for p in training.parameters if p.reached and p.trainable and (p.has_gradient or bare) and not p.zero_gradient
    ]
    if num_backwards < _MIN_BACKWARDS:
        return unchecked("no-optimizer-step", f"only {num_backwards} backward passes, {_MIN_BACKWARDS} are needed")
    if not reached:
        return None
    if training.num_steps == 0:
        still = not any(p.moved or p.moved_before for p in reached)
        return _never_stepped(training, num_backwards, len(reached)) if still else None
    if training.rates and not any(training.rates):
        return None  # a rate of zero: unstable-optimizer-setting
    cleared = _cleared_share(training)
    foreign = not any(p.held or p.moved or p.moved_before for p in reached)
    stuck = any(p.held for p in reached) and not any(p.moved for p in training.parameters)
    if cleared is not None and cleared > 0.5:
        detail = "the gradients had been cleared between backward() and step()"
        evidence = Evidence("share of readings with gradients cleared before the step", cleared, 0.5)
    elif foreign:
        detail = f"the optimizer held none of the {len(reached)} parameters that the loss reaches: none changed"
        evidence = Evidence("reached parameters that an optimizer holds", 0.0, 1.0)
    elif stuck:
        detail = "no parameter changed although gradients and rate were not zero"
        evidence = Evidence("parameters that moved", 0.0, 1.0)
    else:
        return None
    return Seen(
        summary=f"In {training.num_steps} steps after {num_backwards} backward passes {detail}.",
        severity=1.0,
        confidence=0.97 if foreign else 0.9,
        evidence=(evidence, Evidence("optimizer steps", float(training.num_steps), 1.0)),
    )


def _never_stepped(training: Training, num_backwards: int, num_reached: int) -> Seen | None:
    epochs = num_backwards / training.epoch_length if training.epoch_length else 0.0
    loop = epochs >= 2 or (num_backwards >= _LOOP and num_reached >= 2 and not training.batch_sizes)
    if training.optimizer is None and not loop:
        return None
    return Seen(
        summary=f"{num_backwards} backward passes, no optimizer step, and no parameter ever changed.",
        severity=1.0,
        confidence=0.97 if training.optimizer else 0.8,
        evidence=(Evidence("optimizer steps", 0.0, 1.0), Evidence("parameters that moved", 0.0, 1.0)),
    )


def _cleared_share(training: Training) -> float | None:
    """Share of readings with a gradient after backward and none at the step; ``None`` if not read."""
    pairs = [(r.gradient_norm, r.applied_norm) for r in training.readings]
    seen = [(g, a) for g, a in pairs if g is not None and a is not None and math.isfinite(g) and g > 0]
    return sum(a == 0 for _, a in seen) / len(seen) if len(seen) >= 2 else None
