"""A setting of the optimizer or its schedule that makes the update dead or unstable.

## What it does
Looks at the settings with a known limit, in a training that fell short, is beaten by a simple probe, or would learn on
at its peak rate: rate 0, momentum or β₁ ≥ 0.99, β₂ < β₁², an eps that outweighs the gradients (also where the level of
the loss is unknown, if it was cut off on its way down), a schedule that used up its rate early, that raises it again
and again, or that still warms up when the training ends.

## Why it harms
Momentum β averages over 1/(1 − β) steps and multiplies the rate by as much; eps replaces the gradient's own
scale; after a schedule has ended no step counts.

## Known false alarms
Each of these has been used with success, β = 0.99 in segmentation, eps = 10⁻³ in image nets: a training that
learned is never accused. A sweep that raises the rate by four orders or more is a range test, not a training.

## Threshold
β ≥ 0.99: the rate is multiplied by 100 or more. β₂ < β₁²: the first moment can then exceed the root of the
second without bound; Adam's proofs need β₁ < √β₂. eps ≥ ten times the median gradient: the update is under a
tenth of Adam's, and eps ≥ 10⁻⁴ is asked for so that the default with vanished gradients is not meant.
On its way down: late gradients with a cosine of 0.9, turned by less than 26° from step to step, and a second half
that brings at least half of what the first did: an exponential decay is then within 1.4 of its time constants.
Schedule: Σ_t η_t / (T·max η) ≤ 0.1, nine tenths of the training spent on nothing, with the rate below 1 % of
its peak before half time (cosine and linear decay have 0.5, three decades of steps 0.37). Rise: tenfold from
start to end, ending on the maximum, with a loss that ends at twice its best.

## Example
`scheduler.step()` once per batch for a schedule meant per epoch.

## Remedy
The default, or the schedule's length in the unit in which it is stepped.

## References
Reddi, Kale & Kumar (2018); Zhang et al. (2022), Adam can converge without any modification on update rules.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from statistics import fmean

from rhobar.diagnose.harm import harm, left_undone
from rhobar.diagnose.motion import typical
from rhobar.diagnose.progress import MIN_STEPS, Progress, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["unstable_optimizer_setting"]

_MOMENTUM = 0.99
MOMENTUM_NAMES = ("momentum", "beta1", "mu", "beta", "mom")
"""What optimizers call it, those of users included."""
_EPS_OVER_GRADIENT, _SMALLEST_EPS = 10.0, 1e-4
_USED, _ENDED = 0.1, 0.01
_RAISED, _RANGE_TEST = 10.0, 1e4
_STRAIGHT = 0.05
"""Of the last rate: how far a linear warm-up may lie from its line at the quarters."""

_LATE, _ALIGNED, _SECOND_HALF = 6, 0.9, 0.5

_Fault = tuple[str, Evidence, Remedy]


@rule(
    "unstable-optimizer-setting",
    kind="cause",
    why="The setting changes the size of the update itself: multiplied by 1/(1 − β), divided by eps, or "
    "ended by "
    "the schedule.",
    remedy=Remedy("Return to the defaults: momentum 0.9, betas (0.9, 0.999), eps 1e-8."),
    explains=(
        "not-learning",
        "underfitting",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "loss-spike",
        "exploding-gradient",
        "dead-units",
        "saturated-units",
        "nonfinite-values",
        "too-few-epochs",
        "no-optimizer-step",
        "too-little-capacity",
        "attention-logit-growth",
    ),
    references=(
        "Reddi, Kale & Kumar (2018), On the convergence of Adam and beyond",
        "Zhang et al. (2022), Adam can converge without any modification on update rules",
    ),
)
def unstable_optimizer_setting(training: Training, record: Record) -> Outcome:
    """Fire on the settings that break a known limit, in a training that fell short."""
    course = progress(training)
    if course is None or (course.finite and course.num_steps < MIN_STEPS):
        return unchecked("unstable-optimizer-setting", f"needs {MIN_STEPS} backward passes")
    if training.optimizer is None:
        return unchecked("unstable-optimizer-setting", "no optimizer was seen") if training.num_steps else None
    hurt = harm(training)
    dead = left_undone(training) if _schedule(training) else None
    short = fell_short(training, course) or (hurt is not None and hurt.beaten) or dead is not None
    if not short and not _under_way(training, course):
        return None
    checks: tuple[Callable[[Training], _Fault | None], ...] = (
        _zero_rate,
        _schedule,
        _raised,
        _rising,
        _momentum,
        _betas,
        _eps,
    )
    checks = checks if short else (_eps,)
    faults = [fault for check in checks if (fault := check(training)) is not None]
    if not faults:
        return None
    return Seen(
        summary=f"{training.optimizer.kind}: " + "; ".join(text for text, _, _ in faults) + ".",
        severity=1.0 if faults[0][1].quantity == "largest learning rate" else 0.8,
        confidence=0.95 if faults[0][1].quantity == "largest learning rate" else 0.75,
        evidence=tuple(evidence for _, evidence, _ in faults),
        remedy=faults[0][2],
    )


def _under_way(training: Training, course: Progress) -> bool:
    """Whether a loss of unknown level was cut off early on its way down, though its gradients keep one direction."""
    cosines = [r.gradient_cosine for r in training.readings if r.gradient_cosine is not None]
    late = typical(cosines[len(cosines) // 2 :]) if len(cosines) >= _LATE else None
    if course.explained is not None or late is None or not late >= _ALIGNED:
        return False
    n, block = len(training.losses), max(1, len(training.losses) // 10)
    parts = (training.losses[:block], training.losses[(n - block) // 2 : (n + block) // 2], training.losses[-block:])
    first, middle, last = map(fmean, parts)
    return first > middle > last + 2 * course.noise and middle - last >= _SECOND_HALF * (first - middle)


def _zero_rate(training: Training) -> _Fault | None:
    if not training.rates or any(training.rates):
        return None
    return (
        f"the learning rate was 0 in all {len(training.rates)} steps",
        Evidence("largest learning rate", 0.0, 0.0),
        Remedy("Set a learning rate above 0.", "lr=1e-3"),
    )


def _schedule(training: Training) -> _Fault | None:
    rates = training.rates
    peak = max(rates, default=0.0)
    if len(rates) < MIN_STEPS or peak == 0:
        return None
    used = sum(rates) / (len(rates) * peak)
    end = max(i for i, rate in enumerate(rates) if rate > _ENDED * peak) + 1
    if used > _USED or 2 * end > len(rates):
        return None
    return (
        f"the schedule took the rate below 1 % of its peak {peak:g} after {end} of {len(rates)} steps, for good",
        Evidence("share of the full-rate steps that the schedule left", used, _USED),
        Remedy(
            "Give the schedule its length in the unit in which it is stepped, epochs or batches.",
            "for epoch in range(epochs):\n    train_one_epoch()\n    scheduler.step()  # once per epoch",
        ),
    )


def _raised(training: Training) -> _Fault | None:
    rates = training.rates
    if len(rates) < MIN_STEPS or rates[0] <= 0 or rates[-1] < max(rates) or rates[len(rates) // 2] >= rates[-1]:
        return None
    growth = rates[-1] / rates[0]
    course = progress(training)
    worse = course is not None and not course.end <= 2 * abs(course.best) + 4 * course.noise
    if not _RAISED <= growth < _RANGE_TEST or not worse:
        return None
    return (
        f"the schedule raised the rate {growth:.3g}-fold, from {rates[0]:g} to {rates[-1]:g}",
        Evidence("rate at the end over rate at the start", growth, _RAISED),
        Remedy("Let the schedule lower the rate: gamma below 1.", "gamma=0.1"),
    )


def _rising(training: Training) -> _Fault | None:
    """A linear warm-up that is longer than the training."""
    rates, n = training.rates, len(training.rates)
    if n < 5 * MIN_STEPS or rates[-1] <= 0 or rates[0] > _USED * rates[-1] or any(a > b for a, b in pairwise(rates)):
        return None
    if not all(abs(rates[k * n // 4] / rates[-1] - k / 4) <= _STRAIGHT for k in (1, 2, 3)):
        return None  # a search over rates grows by factors, a warm-up that ended is flat
    return (
        f"the rate still rose in a straight line, from {rates[0]:.2g} to {rates[-1]:.2g}, when the training ended",
        Evidence("share of the steps in which the rate was being warmed up", 1.0, _USED),
        Remedy("Warm up over a few per cent of the steps.", "LinearLR(optimizer, 0.01, total_iters=steps // 20)"),
    )


def _momentum(training: Training) -> _Fault | None:
    settings = training.optimizer.settings if training.optimizer else {}
    beta = max(settings.get(name, 0.0) for name in MOMENTUM_NAMES)
    if not beta >= _MOMENTUM:
        return None
    times = 1 / (1 - beta) if beta < 1 else math.inf
    return (
        f"momentum {beta:g} averages over {times:.0f} steps" if beta < 1 else f"momentum {beta:g} never decays",
        Evidence("momentum", beta, _MOMENTUM),
        Remedy("Use a momentum of 0.9.", "momentum=0.9" if "momentum" in settings else "betas=(0.9, 0.999)"),
    )


def _betas(training: Training) -> _Fault | None:
    settings = training.optimizer.settings if training.optimizer else {}
    beta1, beta2 = settings.get("beta1"), settings.get("beta2")
    if beta1 is None or beta2 is None or beta2 >= beta1**2:
        return None
    return (
        f"β₂ = {beta2:g} is below β₁² = {beta1**2:g}",
        Evidence("β₂", beta2, beta1**2),
        Remedy("Use the default betas.", "betas=(0.9, 0.999)"),
    )


def _eps(training: Training) -> _Fault | None:
    settings = training.optimizer.settings if training.optimizer else {}
    eps = settings.get("eps", 0.0)
    gradients = [p.gradient for r in training.readings for p in r.parameters if p.gradient is not None]
    size = typical(gradients)
    if not eps >= _SMALLEST_EPS or size is None or not eps >= _EPS_OVER_GRADIENT * size:
        return None
    return (
        f"eps {eps:g} outweighs the gradients, whose median size is {size:.1e}",
        Evidence("eps", eps, _EPS_OVER_GRADIENT * size),
        Remedy("Use the default eps.", "eps=1e-8"),
    )
