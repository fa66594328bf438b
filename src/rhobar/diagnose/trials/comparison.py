"""Two lists of outcomes, seed by seed, against each other.

A remedy *helps* if the mean paired gain exceeds its standard error by the one-sided 95 % point of Student's t and is
at least a tenth of what there was to lose. It *does not help* if the gain is below that tenth even at the upper end of
the same interval. Everything else is unclear.
"""

import math
import statistics

from rhobar.diagnose.trials.case import NotReplayable
from rhobar.diagnose.trials.replay import Outcome
from rhobar.record import Trial

__all__ = ["SEEDS", "compare"]

SEEDS = 3
STUDENT = 2.92
"""95 % point of Student's t with SEEDS − 1 = 2 degrees of freedom."""
SHARE = 0.1
"""Least gain that counts, as a share of the unchanged loss, or of the wrong answers."""


def compare(change: str, before: list[Outcome], after: list[Outcome], steps: int, *, by_accuracy: bool) -> Trial:
    """Hold two lists of outcomes, seed by seed, against each other."""
    if by_accuracy:
        old, new = [_accuracy(o) for o in before], [_accuracy(o) for o in after]
        gains, room = [b - a for a, b in zip(old, new, strict=True)], 1 - statistics.mean(old)
    else:
        old, new = [o.loss for o in before], [o.loss for o in after]
        gains, room = [_gain(a, b) for a, b in zip(old, new, strict=True)], abs(statistics.mean(old))
    gain, stderr = statistics.mean(gains), _stderr(gains)
    least = SHARE * room if math.isfinite(room) else 0.0
    verdict = "unclear"
    if gain >= least and gain > STUDENT * stderr:
        verdict = "helps"
    elif gain + STUDENT * stderr < least or not math.isfinite(statistics.mean(new)):
        verdict = "does not help"
    return Trial(
        change=change,
        quantity="accuracy" if by_accuracy else "loss",
        steps=steps,
        seeds=len(old),
        unchanged=statistics.mean(old),
        unchanged_stderr=_stderr(old),
        changed=statistics.mean(new),
        changed_stderr=_stderr(new),
        gain=gain,
        gain_stderr=stderr,
        verdict=verdict,
    )


def _gain(before: float, after: float) -> float:
    """How much lower the loss is; a loss that became finite is the largest gain there is."""
    if math.isinf(before):
        return 0.0 if math.isinf(after) else math.inf
    return before - after


def _accuracy(outcome: Outcome) -> float:
    if outcome.accuracy is None:
        raise NotReplayable("the remedy changes the loss, and there are no classes to count right answers of")
    return outcome.accuracy


def _stderr(values: list[float]) -> float:
    if not all(map(math.isfinite, values)):
        return 0.0 if len({*values}) == 1 else math.inf
    return statistics.stdev(values) / math.sqrt(len(values))
