"""The network cannot express what a simple probe does.

## What it does
Fires when the network, trained on one kept batch alone, from the weights that it came to and from weights drawn anew,
still does worse on those very rows than a simple probe on rows that it has not seen, or keeps half of the constant
answer's loss there while such a probe does better than the trained network; or when a training has settled on
a loss far above what such a probe attains, and the narrowest layer has fewer units than the answer has degrees of
freedom.

## Why it harms
All that the output knows of the input passes through the narrowest layer.

## Threshold
K classes need K − 1 independent scores, d targets d: a layer narrower than that limits the rank of the output. One
unit is told of a training that has not settled, too. Settled: the last two tenths of the losses differ by less than
two standard errors, or the schedule took the rate to a hundredth. Short: less than half of what the probe attains, or
worse than the probe on rows that it has not seen (`rhobar.diagnose.harm`).

## Known false alarms
A non-linear decoder can read several scores from one unit; hence the low confidence.

## Example
`nn.Sequential(nn.Linear(64, 1), nn.ReLU(), nn.Linear(1, 10))`

## Remedy
Widen the narrowest layer, or deepen the network.

## References
Yang, Dai, Salakhutdinov, Cohen (2018), Breaking the softmax bottleneck.
"""

import math
from statistics import fmean, median, stdev

from rhobar.diagnose.harm import Harm, behind, harm
from rhobar.diagnose.progress import MIN_STEPS
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, Record, Remedy, SubsetFit, Training

__all__ = ["too_little_capacity"]

FORGOTTEN = 0.5
"""Of the constant answer's loss, left of a few rows learned alone."""


@rule(
    "too-little-capacity",
    kind="cause",
    why="All that the output knows of the input passes through the narrowest layer.",
    remedy=Remedy("Widen the narrowest layer.", "nn.Linear(in_features, 64)"),
    explains=("underfitting", "not-learning", "learning-rate-too-low", "too-few-epochs"),
    references=("Yang, Dai, Salakhutdinov, Cohen (2018), Breaking the softmax bottleneck",),
)
def too_little_capacity(training: Training, record: Record) -> Outcome:
    """Fire if a settled training misses what a probe attains and a layer is too narrow for the answer."""
    hurt, loss = harm(training), training.loss
    if hurt is None or loss is None or training.labels is None or not training.readings:
        return unchecked("too-little-capacity", "no probe of the attainable loss")
    columns = loss.output_shape[-1] if len(loss.output_shape) == 2 else 1
    needed = columns - 1 if loss.kind in ("cross_entropy", "nll", "soft_cross_entropy") else columns
    memory = training.subset
    if memory is not None and (behind(training, hurt.course, memory.loss) or (hurt.beaten and _forgets(memory, hurt))):
        return _unable(memory, hurt)
    hidden = [x for x in training.readings[0].layers[:-1] if x.operation in ("linear", "recurrent") and not x.residual]
    settled = hurt.course.num_steps >= MIN_STEPS and (_settled(training.losses) or _scheduled(training.rates))
    short = (hurt.falls_short or hurt.beaten) and hurt.course.finite and not hurt.course.diverged
    if not hidden or not short:
        return None
    last = training.losses[-max(10, len(training.losses) // 10) :]
    if hurt.course.constant is not None and median(last) > hurt.course.constant:
        return None  # any network can give the constant answer
    narrow = min(hidden, key=lambda layer: layer.fan_out)
    single = narrow.fan_out == 1  # which nobody means to read several scores from, however far the training came
    if narrow.fan_out >= needed or not (settled or single):
        return None
    return Seen(
        summary=f"{narrow.name} has {narrow.fan_out} unit(s) for {needed} independent outputs, and "
        f"the loss {'settled at' if settled else 'came to'} {hurt.course.end:.3g}.",
        severity=0.6 if single else 0.4,
        confidence=0.8 if single else 0.4,
        where=(narrow.name,),
        evidence=(
            Evidence("units of the narrowest layer", float(narrow.fan_out), float(needed)),
            Evidence("training loss at the end", hurt.course.end, hurt.course.constant, "", hurt.course.noise),
        ),
    )


def _forgets(memory: SubsetFit, hurt: Harm) -> bool:
    """Whether half of what there is to say of a few rows stays unsaid."""
    constant, floor = hurt.course.constant, hurt.course.floor
    return constant is not None and memory.loss - floor > FORGOTTEN * (constant - floor)


def _unable(memory: SubsetFit, hurt: Harm) -> Seen:
    return Seen(
        summary=f"Trained on {memory.num_rows} rows alone the network comes to a loss of {memory.loss:.3g} on those "
        f"very rows within {memory.num_steps} steps, while a simple probe does better than it on rows never seen.",
        severity=0.6,
        confidence=0.7,
        evidence=(
            Evidence("loss on one batch after training on it alone", memory.loss),
            Evidence("training loss at the end", hurt.course.end, hurt.course.constant, "", hurt.course.noise),
        ),
    )


def _scheduled(rates: list[float]) -> bool:
    """Whether a schedule brought the training to its end: a rate below a hundredth of its peak."""
    return bool(rates) and rates[-1] < 0.01 * max(rates)


def _settled(losses: list[float]) -> bool:
    tenth = max(2, len(losses) // 10)
    a, b = losses[-2 * tenth : -tenth], losses[-tenth:]
    if len(a) < 2 or not all(map(math.isfinite, a + b)):
        return False
    return abs(fmean(a) - fmean(b)) <= 2 * math.sqrt((stdev(a) ** 2 + stdev(b) ** 2) / tenth)
