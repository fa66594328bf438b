"""The loss jumps within one step and does not come back.

## What it does
Looks for a single step after the first tenth of the training at which the loss jumps far beyond its usual
increments, stays at the higher level, and is still above the level before at the end. Says which parameters'
updates were largest there.

## Why it harms
One bad step threw away what many had learned.

## Known false alarms
Single hard batches give a jump that is gone one step later; deliberate restarts of the rate give one that is
made good by the end; a jump where another optimizer takes over is a new phase (a head replaced, layers
unfrozen), not a spike. None of them fires.

## Threshold
The increment must exceed the median by 10 robust standard deviations (1.4826 MAD). By Chebyshev's inequality
at most 1 % of the increments of *any* law do so, under a normal law 10⁻²³. Since heavy tails are common it
must also last: the medians of the w steps after and before differ by a factor of 1.5 and by 4 robust standard
deviations, and the end is still above the level before by the same factor and four standard errors.

## Example
A batch with a corrupt row and no clipping.

## Remedy
Clip the gradient norm, lower the rate, look at the batch of that step.

## References
Chowdhery et al. (2022), PaLM, §5.1; Takase et al. (2023), Spike no more.
"""

import math
from itertools import pairwise
from statistics import median

from rhobar.diagnose.progress import MIN_STEPS, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import judgeable
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["loss_spike"]

_DEVIATIONS = 10.0
_FACTOR = 1.5


@rule(
    "loss-spike",
    kind="symptom",
    why="One step, too long for its gradient, left the region that had been learned.",
    remedy=Remedy(
        "Clip the gradient norm and look at the batch of that step.",
        "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)",
    ),
    explains=("dead-units", "saturated-units"),
    references=("Chowdhery et al. (2022), PaLM: scaling language modeling with pathways, §5.1",),
)
def loss_spike(training: Training, record: Record) -> Outcome:
    """Fire on a jump of ten deviations that lasts to the end."""
    course = progress(training)
    losses = training.losses[: next((i for i, x in enumerate(training.losses) if not math.isfinite(x)), None)]
    if course is None or len(losses) < 2 * MIN_STEPS:
        return unchecked("loss-spike", f"needs {2 * MIN_STEPS} backward passes with a finite loss")
    if not judgeable(training) or course.start < 0:
        return None
    increments = [b - a for a, b in pairwise(losses)]
    middle = median(increments)
    deviation = 1.4826 * median(abs(x - middle) for x in increments)
    width = max(5, len(losses) // 20)
    candidates = range(max(width, len(losses) // 10), len(losses) - width)
    step = max(candidates, key=lambda t: increments[t - 1])
    jump = increments[step - 1]
    before, after = median(losses[step - width : step]), median(losses[step : step + width])
    lasting = after > _FACTOR * before and after - before > 4 * deviation and before > 0
    unmended = course.end > _FACTOR * before + 4 * course.noise or not math.isfinite(course.end)
    if any(step - 2 <= phase <= step + 2 for phase in training.phases):
        return None
    if not (jump > middle + _DEVIATIONS * deviation and jump >= 0.5 * (after - before) and lasting and unmended):
        return None
    first = _largest_update(training, step)
    return Seen(
        summary=f"At step {step} the loss jumped from {losses[step - 1]:.3g} to {losses[step]:.3g} and "
        f"stayed near {after:.3g}"
        f"; it ended at {course.end:.3g}" + (f". The largest update there was that of {first}." if first else "."),
        severity=0.6,
        confidence=0.85,
        where=(first,) if first else (),
        evidence=(
            Evidence("jump of the loss", jump, middle + _DEVIATIONS * deviation),
            Evidence("loss after the jump over loss before", after / before, _FACTOR),
        ),
    )


def _largest_update(training: Training, step: int) -> str:
    """The parameter with the largest relative update at the reading within two steps before the jump."""
    near = [r for r in training.readings if step - 2 <= r.step <= step]
    moved = [(ratio, p.name) for p in near[-1].parameters if (ratio := p.update_ratio)] if near else []
    return max(moved)[1] if moved else ""
