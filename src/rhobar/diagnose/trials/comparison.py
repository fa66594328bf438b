"""Two lists of outcomes, seed by seed, against each other.

Losses of a sick training run over many powers of ten, so gains are differences of their logarithms where all are
positive: g = log(before / after). Accuracies are compared as they are.

A remedy *helps* if the mean gain is at least that of a loss lower by a tenth (of a tenth of the wrong answers) and
exceeds its standard error by the one-sided 95 % point of Student's t; or if the loss halves in every single run. It
*does not help* if the gain is below that tenth even at the upper end of the same interval. Everything else is unclear.
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
        gains, least = [b - a for a, b in zip(old, new, strict=True)], SHARE * (1 - statistics.mean(old))
        every = math.inf
    else:
        old, new = [o.loss for o in before], [o.loss for o in after]
        gains, least, every = _gains(old, new)
    gain, stderr = statistics.mean(gains), _stderr(gains)
    verdict = "unclear"
    if (gain >= least and gain > STUDENT * stderr) or min(gains) >= every:
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


def _gains(old: list[float], new: list[float]) -> tuple[list[float], float, float]:
    """Gains, the least that counts, and one that is enough if every run has it."""
    finite = [abs(x) for x in (*old, *new) if math.isfinite(x)]
    worst = 10 * max(finite, default=1.0)  # in place of what overflowed
    pairs = [(min(a, worst), min(b, worst)) for a, b in zip(old, new, strict=True)]
    if all(x > 0 for pair in pairs for x in pair):
        return [math.log(a / b) for a, b in pairs], -math.log(1 - SHARE), math.log(2)
    return [a - b for a, b in pairs], SHARE * abs(statistics.mean(a for a, _ in pairs)), math.inf


def _accuracy(outcome: Outcome) -> float:
    if outcome.accuracy is None:
        raise NotReplayable("the remedy changes the loss, and there are no classes to count right answers of")
    return outcome.accuracy


def _stderr(values: list[float]) -> float:
    if not all(map(math.isfinite, values)):
        return 0.0 if len({*values}) == 1 else math.inf
    return statistics.stdev(values) / math.sqrt(len(values))
