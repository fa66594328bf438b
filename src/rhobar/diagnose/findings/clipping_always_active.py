"""The clip norm, not the learning rate, decides how long every step is.

## What it does
Fires when nine of ten readings were scaled down, by ten or more at the median, under an optimizer whose step
is proportional to the gradient, in a training that fell short, or is beaten by a simple probe, without being unstable.

## Why it harms
SGD with a gradient that is always clipped walks with the fixed length η·c, far shorter than the rate was
meant to give.

## Known false alarms
Adam, RMSprop, Adagrad and their kin divide by the gradient's own size: a constant factor cancels, they are
not judged. Recurrent nets need a clip, and learn with it. Where the unclipped gradient explodes, the clip is
not the cause.

## Threshold
Clip norms are set for outliers: the tail of the norms, not nine of ten. A factor ≤ 0.1 takes an order of
magnitude off the rate, more than the range of 3 within which rates are usually tuned. If a line search was
made, its best step must be at least 3 times the one taken, which is the clip's share of the unclipped one.

## Example
`clip_grad_norm_(model.parameters(), 0.001)`

## Remedy
Raise the clip norm to the upper tenth of the norms seen, or the rate by the factor lost.

## References
Pascanu, Mikolov & Bengio (2013); Zhang et al. (2020), Why gradient clipping accelerates training.
"""

import math
from statistics import median

from rhobar.diagnose.harm import harm
from rhobar.diagnose.progress import MIN_STEPS
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["clipping_always_active"]

_SHARE, _FACTOR, _LONGER = 0.9, 0.1, 3.0
_PROPORTIONAL = ("SGD", "ASGD")


@rule(
    "clipping-always-active",
    kind="cause",
    why="When every gradient is clipped, the step has the fixed length η·c whatever the slope.",
    remedy=Remedy("Raise the clip norm to the upper tenth of the gradient norms, or the rate by the factor lost."),
    explains=("not-learning", "underfitting", "learning-rate-too-low", "too-few-epochs"),
    references=("Zhang et al. (2020), Why gradient clipping accelerates training",),
)
def clipping_always_active(training: Training, record: Record) -> Outcome:
    """Fire if the clip takes nine tenths off nearly every step of a plain gradient method."""
    hurt = harm(training)
    if training.clipped < _SHARE or training.optimizer is None or training.optimizer.kind not in _PROPORTIONAL:
        return None
    if hurt is None or hurt.course.num_steps < MIN_STEPS:
        return unchecked("clipping-always-active", f"needs {MIN_STEPS} backward passes")
    pairs = [(r.gradient_norm, r.applied_norm) for r in training.readings]
    norms = [(g, a) for g, a in pairs if g is not None and a is not None and math.isfinite(g) and g > 0 and a > 0]
    if len(norms) < 3:
        return unchecked("clipping-always-active", "the gradient was not read both before and after clipping")
    factor = median(a / g for g, a in norms)
    short = hurt.beaten or fell_short(training, hurt.course)
    if factor > _FACTOR or hurt.course.diverged or not short or not _longer_helps(training, factor):
        return None
    clip, upper = median(a for _, a in norms), sorted(g for g, _ in norms)[(9 * len(norms)) // 10]
    return Seen(
        summary=f"{training.clipped:.0%} of the gradients were clipped to a norm of {clip:.2g}, "
        f"{1 / factor:.0f} times below their own at the median.",
        severity=0.7,
        confidence=0.8,
        evidence=(
            Evidence("share of gradients that were clipped", training.clipped, _SHARE),
            Evidence("clipped norm over gradient norm", factor, _FACTOR),
        ),
        remedy=Remedy(
            f"Raise the clip norm to about {upper:.2g}.", f"clip_grad_norm_(model.parameters(), {upper:.2g})"
        ),
    )


def _longer_helps(training: Training, factor: float) -> bool:
    """Whether the line search, if there was one, found its best beyond the step taken, `factor` of its full one."""
    if training.rate is None or not training.rate.factors:
        return True
    along = zip(training.rate.losses, training.rate.factors, strict=True)
    finite = [pair for pair in along if math.isfinite(pair[0])]
    return bool(finite) and min(finite)[1] >= _LONGER * factor
