"""The weights hardly leave their start: each step is far shorter than the slope would bear.

## What it does
Fires when a training that fell short kept its median matrix within 3 % of its start and one of these shows
that longer steps would have helped: a line search along the last update whose best factor is at least 30;
gradients that keep pointing the same way; a loss that falls in a straight line. A line search that finds a tenth
of the loss at a factor of 30 or more is enough in a run of a hundred steps, however far the matrices came; so is one
whose best factor is 300 or more. With both, a training that learned is accused, too, if it stays short of a simple
probe.

## Why it harms
In the linear regime the loss falls by η‖g‖² per step; nothing but η is small in it.

## Known false alarms
Vanished or zero gradients, a schedule that ended early or a clip norm keep the weights still as well and have
rules of their own. A pretrained model needs to move little, and one that learned is not accused.

## Threshold
Movement ≤ 3 %: in the widest nets, where training is linear around the start, a unit of width n still moves
by ~1/√n of its size to fit the data; at n = 10³ that is 3 %. Straight: the second half of the fall is at
least 0.8 of the first half (an exponential decay that has come to half its way has 0.7). Cosine ≥ 0.9: the
direction has turned by less than 26°. Factor ≥ 30: on a quadratic the best factor is 1/(ηλ), so η is 60 times
below its limit; a step 30 times as long must bring at least half of 30 times the fall, which noise alone does
not. Factor ≥ 300: η is 600 times below its limit.

## Example
`torch.optim.SGD(model.parameters(), lr=1e-6)`

## Remedy
Multiply the rate by 10 until the loss gets unstable, then go back by 3.

## References
Smith (2017), Cyclical learning rates; Lee et al. (2019), Wide neural networks evolve as linear models.
"""

import math
from statistics import fmean

from rhobar.diagnose.motion import matrix_movements, path_bound, typical
from rhobar.diagnose.progress import MIN_STEPS, Progress, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import baseline_loss, fell_short
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["learning_rate_too_low"]

_STILL = 0.03
_FACTOR = 30.0
_ALIGNED = 0.9
_STRAIGHT = 0.8
_ENDLESS = 300.0


@rule(
    "learning-rate-too-low",
    kind="cause",
    why="The loss falls by η‖g‖² per step: with gradients present and weights that hardly move, only η is too small.",
    remedy=Remedy("Multiply the learning rate by 10 until the loss gets unstable, then go back by 3."),
    explains=("not-learning", "underfitting", "too-few-epochs"),
    references=(
        "Smith (2017), Cyclical learning rates for training neural networks",
        "Lee et al. (2019), Wide neural networks of any depth evolve as linear models under gradient descent",
    ),
)
def learning_rate_too_low(training: Training, record: Record) -> Outcome:
    """Fire if no matrix left its start although longer steps along the same way lower the loss."""
    course = progress(training)
    if course is None or course.num_steps < MIN_STEPS:
        return unchecked("learning-rate-too-low", f"needs {MIN_STEPS} backward passes")
    short = fell_short(training, course) or _on_its_way(training, course)
    if _no_gradient_or_step(training) or course.diverged or not course.finite or not short:
        return None
    movements = matrix_movements(training)
    movement = typical(movements) if movements else path_bound(training)
    if movement is None:
        return unchecked("learning-rate-too-low", "neither updates nor movements of the weights were seen")
    creeping = course.num_steps >= 5 * MIN_STEPS and (_creeping(training) or _endless(training))
    if not movement <= _STILL and not creeping:
        return None
    signs = [sign for sign in (_line_search(training), _aligned(training), _straight(training)) if sign is not None]
    if not signs or _contradicted(training):
        return None
    rate = training.rates[0] if training.rates else None
    return Seen(
        summary=f"In {training.num_steps} steps"
        + (f" at a learning rate of {rate:g}" if rate is not None else "")
        + f" the median weight matrix moved by {movement:.1e} of its size; the loss went from "
        f"{course.start:.3g} to {course.end:.3g}{_promise(training)}.",
        severity=0.8,
        confidence=min(0.95, 0.7 + 0.1 * len(signs)),
        evidence=(Evidence("relative movement of the median matrix", movement, _STILL), *signs),
    )


def _no_gradient_or_step(training: Training) -> bool:
    """Whether the weights stayed for another reason: no step, no gradient, an ended schedule, pretraining."""
    if training.num_steps == 0 or not any(p.moved and p.held for p in training.parameters):
        return True
    norms = typical([r.gradient_norm for r in training.readings if r.gradient_norm is not None])
    faded = bool(training.rates) and fmean(training.rates) < 0.1 * max(training.rates)
    return faded or norms == 0 or any(p.moved_before for p in training.parameters)


def _line_search(training: Training) -> Evidence | None:
    """The best factor along the last update, if large and worth half of what a straight slope promises."""
    probe = training.rate
    if probe is None or not probe.factors:
        return None
    along = dict(zip(probe.factors, probe.losses, strict=True))
    finite = [f for f in along if math.isfinite(along[f])]
    best = min(finite, key=lambda f: along[f], default=0.0)
    full = along.get(1.0, math.nan)
    promised = 0.5 * _FACTOR * (probe.start - full)
    if best < _FACTOR or not (probe.start - full > 0 and probe.start - along[best] >= promised):
        return None
    return Evidence("best multiple of the last update", best, _FACTOR)


def _promise(training: Training) -> str:
    """What a longer step would have brought, as the end of the sentence."""
    probe = training.rate
    if probe is None or _line_search(training) is None:
        return ""
    loss, factor = min((x, f) for x, f in zip(probe.losses, probe.factors, strict=True) if math.isfinite(x))
    return f", and one step {factor:g} times as long takes it from {probe.start:.3g} to {loss:.3g}"


def _creeping(training: Training) -> bool:
    """Whether the line search finds a tenth of the loss at thirty steps' length or more."""
    probe = training.rate
    if probe is None or _line_search(training) is None:
        return False
    return probe.start - min(loss for loss in probe.losses if math.isfinite(loss)) >= 0.1 * abs(probe.start)


def _endless(training: Training) -> bool:
    """Whether the loss falls along the last update to hundreds of its lengths."""
    line = _line_search(training)
    return line is not None and line.value >= _ENDLESS


def _on_its_way(training: Training, course: Progress) -> bool:
    """Whether a training that learned is short of a simple probe, and both signs ask for longer steps."""
    baseline = baseline_loss(training)
    behind = baseline is not None and course.end > baseline + 2 * course.noise
    return behind and _creeping(training) and _endless(training)


def _contradicted(training: Training) -> bool:
    """Whether the line search found its best at a step that is not much longer, or further steps brought nothing."""
    probe, further = training.rate, training.further
    # Where single steps are far too short, as many again lower the loss of rows that they do not see, too.
    if (
        further is not None
        and further.factor == 1
        and 2 * further.num_steps >= training.num_steps
        and further.gain <= 0
    ):
        return True
    if probe is None or not probe.factors:
        return False
    finite = [(loss, f) for loss, f in zip(probe.losses, probe.factors, strict=True) if math.isfinite(loss)]
    return not finite or min(finite)[1] < 10


def _aligned(training: Training) -> Evidence | None:
    cosines = [r.gradient_cosine for r in training.readings if r.gradient_cosine is not None]
    middle = typical(cosines) if len(cosines) >= 3 else None
    return (
        Evidence("cosine of successive gradients", middle, _ALIGNED)
        if middle is not None and middle >= _ALIGNED
        else None
    )


def _straight(training: Training) -> Evidence | None:
    """Fall of the second half over that of the first, if both are above the noise of their ends."""
    n = len(training.losses)
    block = max(1, n // 10)
    ends = [
        training.losses[:block],
        training.losses[(n - block) // 2 : (n + block) // 2],
        training.losses[-block:],
    ]
    first, middle, last = map(fmean, ends)
    noise = math.sqrt(fmean((x - fmean(part)) ** 2 for part in ends for x in part) / block)
    if not (first - middle > 4 * noise and middle - last > 4 * noise):
        return None
    share = (middle - last) / (first - middle)
    return Evidence("fall of the second half over the first", share, _STRAIGHT) if share >= _STRAIGHT else None
