"""Attention logits so far apart that a few keys take all the weight and the softmax passes no gradient.

## What it does
Reads, of some queries of every attention, the standard deviation σ of the logits over the keys: at the first readings
and at the last ones. Fires when σ at the end is beyond the point at which a softmax freezes, three standard errors
included, and the training fell short.

## Why it harms
The derivative of a softmax is diag(p) − ppᵀ, its trace 1 − Σp². Where one key has all the weight it is 0: neither
queries nor keys learn which other key would have been right, and the logits, which nothing pulls back, go on growing.

## Known false alarms
Heads that copy from one place are frozen because they have learned to; a training that learned is not accused.

## Threshold
σ_c = √(2 ln T) for T keys. Of T independent logits with deviation σ the largest lies at σ√(2 ln T), and a softmax over
them is a random energy model: below σ_c its entropy ln T − σ²/2 grows with T and many keys share the weight; above, it
stays finite while T grows, and a handful hold Σp² = 1 − σ_c/σ of it. Logits of unit queries and keys over √d have
σ = 1, a third to a half of that. A weight of 0 stands for the smallest float, 103 nats below 1, and the deviation is
then underrated. Under a mask it cannot be told from a hidden key: there a count of keys that falls to half of its
start, while half of the gradient is stopped, is told as well.

## Example
`torch.softmax(q @ k.transpose(1, 2), -1)` without the root of d, or Adam with a rate of 0.1

## Remedy
Normalise queries and keys before their product, divide by √d, lower the learning rate or warm it up.

## References
Zhai et al. (2023), Stabilizing transformer training by preventing attention entropy collapse; Dehghani et al. (2023),
Scaling vision transformers to 22 billion parameters; Derrida (1981), Random-energy model.
"""

import math
from statistics import median

from rhobar.diagnose.progress import MIN_STEPS, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import AttentionReading, Evidence, Record, Remedy, Training

__all__ = ["attention_logit_growth", "freezing_point"]

_FEWEST_KEYS = 4
_LAST = 5
"""Readings at the end that are taken together."""


def freezing_point(num_keys: int) -> float:
    """√(2 ln T), the deviation of T logits from which on a softmax over them is held by a few.

    Example:
        >>> round(freezing_point(64), 2)
        2.88
    """
    return math.sqrt(2 * math.log(num_keys))


@rule(
    "attention-logit-growth",
    kind="symptom",
    why="A softmax whose logits lie far apart gives all the weight to one key and passes no gradient to the others.",
    remedy=Remedy(
        "Normalise queries and keys, keep the division by √d, and lower the learning rate.",
        "q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)\nscores = g * q @ k.transpose(-2, -1)  # g: one weight",
    ),
    explains=("not-learning", "underfitting", "vanishing-gradient", "rank-collapse"),
    references=(
        "Zhai et al. (2023), Stabilizing transformer training by preventing attention entropy collapse",
        "Dehghani et al. (2023), Scaling vision transformers to 22 billion parameters, section 3.1",
        "Derrida (1981), Random-energy model: an exactly solvable model of disordered systems",
    ),
)
def attention_logit_growth(training: Training, record: Record) -> Outcome:
    """Fire if the logits of an attention stand beyond the freezing point in a training that fell short."""
    course = progress(training)
    courses = _courses(training)
    if not courses:
        return unchecked("attention-logit-growth", "no attention was seen")
    if course is None or course.num_steps < MIN_STEPS:
        return unchecked("attention-logit-growth", f"needs {MIN_STEPS} backward passes")
    frozen = {name: seen for name, seen in courses.items() if _frozen(seen)}
    if not frozen or not fell_short(training, course):
        return None
    worst = max(frozen, key=lambda name: (_end(frozen[name]).spread, name))
    first, last = frozen[worst][0], _end(frozen[worst])
    if last.keys >= _FEWEST_KEYS:
        limit = freezing_point(last.keys)
        text = (
            f"deviate by {last.spread:.3g} over the keys of a query ({first.spread:.3g} at the start); from "
            f"{limit:.2g} on a few of {last.keys} keys take all the weight"
        )
        number = Evidence("deviation of the attention logits", last.spread, limit, "nats", last.stderr)
    else:
        text = f"lie so far apart that {last.keys} of {first.keys} keys has a weight above 0 for the typical query"
        number = Evidence("keys that the typical query gives weight to", float(last.keys), first.keys / 2)
    return Seen(
        summary=f"The attention logits of {worst} {text}; the softmax passes {last.passed:.1%} of a gradient.",
        severity=0.7,
        confidence=0.85,
        where=tuple(frozen),
        evidence=(number, Evidence("trace of the softmax's derivative, 1 − Σp²", last.passed)),
    )


def _courses(training: Training) -> dict[str, list[AttentionReading]]:
    """The readings of every attention, in order."""
    courses: dict[str, list[AttentionReading]] = {}
    for reading in training.readings:
        for attention in reading.attentions:
            courses.setdefault(attention.name, []).append(attention)
    return courses


def _end(seen: list[AttentionReading]) -> AttentionReading:
    """The reading with the middle deviation among the last ones."""
    last = sorted(seen[-_LAST:], key=lambda a: a.spread)
    return last[len(last) // 2]


def _frozen(seen: list[AttentionReading]) -> bool:
    first, last = seen[0], _end(seen)
    if last.keys >= _FEWEST_KEYS and last.spread - 3 * last.stderr > freezing_point(last.keys):
        return True
    # Below the smallest float: what is left of the logits says nothing of those that are gone.
    return (
        first.keys >= 2 * _FEWEST_KEYS and median(a.keys for a in seen[-_LAST:]) <= first.keys / 2 and last.passed < 0.5
    )
