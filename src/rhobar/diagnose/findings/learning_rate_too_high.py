"""The step is longer than the slope is good for.

## What it does
Collects independent signs of overshooting and fires when a training that fell short shows two of them, or one
that leaves no doubt:

1. *line search*: along the last update, the full step raises the loss and the best step is at most a tenth of
   it;
2. *reversal*: g_{t+1}·g_t < −‖g_t‖² in half of the pairs read;
3. *zigzag*: successive updates of an optimizer without momentum have a median cosine below −½;
4. *long steps*: the median matrix changes by 10 % of its size per step, or by half of it at once;
5. *rise*: the loss diverged, became infinite, or peaked at twice what start and constant answer score;
6. *growth*: a matrix grew thirtyfold or overflowed;
7. *overflow*, which counts as a rise: a value became infinite in an operation that is harmless for finite values,
   and no formula of the script is unstable;
8. *drift*: the median matrix, drawn at a usual scale, travelled five times its own length.

Whatever was learned, it also fires when 8 holds and one more full step would undo everything: the line search
ends above the constant answer's loss and above twice the loss it started from; or when 8 holds, one step replaced half
of the median matrix, and the line search still finds that the full step raises the loss and less than half of one
lowers it most.

## Why it harms
Beyond η = 2/λ_max each step overshoots by more than it corrects; the loss grows, or hovers where the
landscape is flat enough for so large a step, often with dead or saturated units.

## Known false alarms
Full-batch training settles at the edge of stability, η ≈ 2/λ_max, with a falling loss; small batches bounce
around a minimum that they have reached. Both learned, and are not accused. A NaN born in one operation from
finite inputs without a rise before it is not the rate's.

## Threshold
1: on a quadratic along the update, L(f) = L₀ − af + bf²/2, so L(1) > L₀ ⇔ η > 2/λ; in a noisy stationary
state the last update is noise and L(1) > L₀ always, so a rise by 5 % of L₀ is asked for: excess loss of that
order is then there too. 2: on a quadratic g_{t+1} = (1 − ηλ) g_t, and 1 − ηλ < −1 ⇔ η > 2/λ. 3: stationary
SGD has cos(Δ_t, Δ_{t−1}) = −ηλ/2; −½ is half of the stability limit. 4: at 10 % per step the start is
forgotten within ten aligned or a hundred random steps. A step by Adam moves each weight by about η whatever
the gradient: η must be far below rms(θ) ≈ 1/√n. 5: two chance doublings above both references do not happen
to a loss that a stable step can only lower. 8: the initial weights then make up 1/√26 < 20 % of the final
ones' length; networks that learn from a usual start stay within a few lengths of it.

## Example
`torch.optim.SGD(model.parameters(), lr=10)`; `torch.optim.Adam(model.parameters(), lr=0.5)`

## Remedy
Divide the rate by ten, warm it up, or use the line search's best factor.

## References
LeCun, Simard & Pearlmutter (1993); Cohen et al. (2021), Gradient descent on neural networks typically occurs
at the edge of stability; Wu, Ma & E (2018).
"""

import math

from rhobar.diagnose.motion import matrix_names, typical, update_ratios
from rhobar.diagnose.progress import MIN_STEPS, Progress, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short, judgeable, uninformative
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["learning_rate_too_high", "ruin"]

_FEWEST = 3
_LONG, _LEAP = 0.1, 0.5
_PEAK = 2.0
_RISE_ON_LINE = 0.05
_FAR = 5.0
_GROWN = 30.0
_HARMLESS = (
    "Relu",
    "Addmm",
    "Mm",
    "Convolution",
    "Add",
    "MaxPool2DWithIndices",
    "LeakyRelu",
    "Gelu",
    "Silu",
    "LogSoftmax",
)


@rule(
    "learning-rate-too-high",
    kind="cause",
    why="Beyond η = 2/λ_max a step overshoots by more than it corrects: the loss grows, or stays where the "
    "landscape is flat enough for so large a step.",
    remedy=Remedy("Divide the learning rate by ten, and warm it up over the first steps."),
    explains=(
        "exploding-gradient",
        "dead-units",
        "saturated-units",
        "nonfinite-values",
        "loss-spike",
        "not-learning",
        "underfitting",
        "vanishing-gradient",
        "clipping-always-active",
        "rank-collapse",
        "attention-logit-growth",
        "too-little-capacity",
    ),
    references=(
        "LeCun, Simard & Pearlmutter (1993), Automatic learning rate maximization",
        "Cohen et al. (2021), Gradient descent on neural networks typically occurs at the edge of stability",
    ),
)
def learning_rate_too_high(training: Training, record: Record) -> Outcome:
    """Fire if a training that fell short shows two signs of overshooting."""
    course = progress(training)
    if course is None or course.num_steps < _FEWEST or (course.finite and course.num_steps < MIN_STEPS):
        return unchecked("learning-rate-too-high", f"needs {MIN_STEPS} backward passes, or a loss that is not finite")
    if training.num_steps == 0 or not judgeable(training):
        return None
    rise = _rise(training, course) or ruin(training, course)
    rise = rise or _overflow(training)
    drift = _drift(training)
    overwrites = drift is not None and (ruin(training, course) or _overwrites(training))
    if not fell_short(training, course) and not overwrites:
        return None
    signs = [
        sign
        for sign in (
            _line_search(training),
            _reversal(training),
            _zigzag(training),
            _long_steps(training),
            _growth(training),
            _undone(training, course),
        )
        if sign
    ]
    if drift is not None and not (course.stuck and uninformative(training)):
        signs.append(drift)
    if not signs or (len(signs) == 1 and rise is None and not (drift and course.stuck)):
        return None
    found = ([rise] if rise else []) + signs
    rate = training.rates[0] if training.rates else None
    said = "; ".join(f"{e.quantity} {e.value:.3g}" for e in found)
    return Seen(
        summary=(f"With a learning rate of {rate:g} the" if rate is not None else "The")
        + f" steps overshoot: the loss went from {course.start:.3g} to {course.end:.3g} ({said}).",
        severity=1.0 if course.diverged else 0.9,
        confidence=min(0.9, 0.65 + 0.1 * len(found)),
        evidence=tuple(found),
        remedy=_remedy(training, rate),
    )


def ruin(training: Training, course: Progress) -> Evidence | None:
    """The loss after one more full step, where that undoes all that was learned."""
    probe, constant = training.rate, course.constant
    if probe is None or constant is None or not math.isfinite(probe.start):
        return None
    full = dict(zip(probe.factors, probe.losses, strict=True)).get(1.0)
    if full is None or full <= max(constant, 2 * probe.start):
        return None
    return Evidence("loss after one more full step", full, max(constant, 2 * probe.start))


def _overwrites(training: Training) -> bool:
    """Whether one step replaced half of the median matrix, and the last ones still go too far."""
    probe = training.rate
    leaps = any(ratio >= _LEAP for ratio in update_ratios(training) if math.isfinite(ratio))
    if not leaps or probe is None or not probe.factors or not probe.start > 0:
        return False
    along = {f: x for f, x in zip(probe.factors, probe.losses, strict=True) if math.isfinite(x)}
    best = min(along, key=lambda f: along[f], default=0.0)
    # On a quadratic the best factor is below one half exactly where the full step raises the loss.
    return best < 0.5 and along.get(1.0, math.inf) - probe.start > _RISE_ON_LINE * probe.start


def _overflow(training: Training) -> Evidence | None:
    """A value that became infinite in an operation that is itself harmless, in a training that ran until then."""
    first = training.nonfinite
    if (
        first is None
        or training.structure.hand_written
        or first.phase not in ("forward", "loss", "parameter", "backward")
    ):
        return None
    before = [x for x in training.losses[: first.step] if math.isfinite(x)]
    if len(before) < 2 or (first.phase == "forward" and first.operation not in _HARMLESS):
        return None
    return Evidence("step at which the values overflowed", float(first.step), float(len(training.losses)))


def _growth(training: Training) -> Evidence | None:
    """How much the largest matrix grew, up to where it overflowed; NaN is no growth, but what a gradient brought."""
    names = matrix_names(training)
    first = {p.name: p.weight for p in training.readings[0].parameters if p.name in names} if training.readings else {}
    grown = [p.weight / first[p.name] for r in training.readings[1:] for p in r.parameters if first.get(p.name)]
    most = max((g for g in grown if not math.isnan(g)), default=0.0)
    return Evidence("growth of a matrix", most, _GROWN) if most >= _GROWN else None


def _drift(training: Training) -> Evidence | None:
    """How far the median matrix of a usual initial scale travelled, in lengths of its start."""
    usual = [
        p.movement
        for p in training.parameters
        if len(p.shape) >= 2 and p.trainable and p.held and p.movement is not None
        and p.initial_std and p.fan_in and p.initial_std >= 0.5 / math.sqrt(3 * p.fan_in)
    ]  # fmt: skip
    middle = typical(usual)
    return Evidence("lengths travelled by the median matrix", middle, _FAR) if middle and middle >= _FAR else None


def _rise(training: Training, course: Progress) -> Evidence | None:
    """The highest finite loss, in units of the larger of start and constant answer."""
    level = max(abs(course.start), course.constant or 0.0)
    if not math.isfinite(level):
        return None
    finite = [abs(x) for x in training.losses if math.isfinite(x)]
    peak = max(finite, default=0.0) / level if level > 0 else 0.0
    return Evidence("highest loss over start and constant answer", peak, _PEAK) if peak >= _PEAK else None


def _undone(training: Training, course: Progress) -> Evidence | None:
    """The loss at the end, where it is far above both the start and the constant answer: steps that undo everything."""
    if course.constant is None:  # the scale of such a loss is unknown
        return None
    level = max(abs(course.start), course.constant)
    last = sorted(training.losses[-max(10, len(training.losses) // 10) :])
    quarter = last[len(last) // 4]
    if not (course.finite and math.isfinite(level) and level > 0 and quarter > _PEAK * level):
        return None
    return Evidence("lower quartile of the last losses over start and constant answer", quarter / level, _PEAK)


def _line_search(training: Training) -> Evidence | None:
    probe = training.rate
    if probe is None or not probe.factors or not math.isfinite(probe.start):
        return None
    along = dict(zip(probe.factors, probe.losses, strict=True))
    full = along.get(1.0)
    best = min((f for f in along if math.isfinite(along[f])), key=lambda f: along[f], default=0.0)
    if full is None or best > 0.1 or full - probe.start <= _RISE_ON_LINE * abs(probe.start):
        return None
    return Evidence("loss after the last full step, over the loss before it", full / probe.start, 1 + _RISE_ON_LINE)


def _reversal(training: Training) -> Evidence | None:
    seen = [r.gradient_ratio for r in training.readings if r.gradient_ratio is not None]
    ratios = [ratio for ratio in seen if not math.isnan(ratio)]
    share = sum(ratio < -1 for ratio in ratios) / len(ratios) if len(ratios) >= 3 else 0.0
    return Evidence("share of steps that reversed the gradient and more", share, 0.5) if share >= 0.5 else None


def _zigzag(training: Training) -> Evidence | None:
    settings = training.optimizer.settings if training.optimizer else {}
    if settings.get("momentum", 0.0) > 0 or settings.get("beta1", 0.0) > 0:
        return None
    cosines = [r.update_cosine for r in training.readings if r.update_cosine is not None]
    middle = typical(cosines) if len(cosines) >= 3 else None
    return Evidence("cosine of successive updates", middle, -0.5) if middle is not None and middle <= -0.5 else None


def _long_steps(training: Training) -> Evidence | None:
    ratios = [ratio for ratio in update_ratios(training) if math.isfinite(ratio)]
    middle = typical(ratios)
    if middle is None:
        return None
    if middle >= _LONG:
        return Evidence("relative update per step", middle, _LONG)
    return Evidence("largest relative update", max(ratios), _LEAP) if max(ratios) >= _LEAP else None


def _remedy(training: Training, rate: float | None) -> Remedy | None:
    """The rate divided by ten, or by what the line search says if that is more."""
    if rate is None:
        return None
    best = 0.1
    if training.rate is not None and _line_search(training) is not None:
        along = zip(training.rate.losses, training.rate.factors, strict=True)
        best = min(best, min((loss, f) for loss, f in along if math.isfinite(loss))[1] or 0.01)
    return Remedy(f"Lower the learning rate from {rate:g} to about {rate * best:.1g}.", f"lr={rate * best:.1g}")
