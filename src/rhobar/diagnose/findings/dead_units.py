"""Units of the ReLU family that answer zero to all data, for good.

## What it does
Takes per layer the smallest dead share over the readings of the second half: a bound from above on the units
that were dead throughout. Fires on a whole layer dead, and on 90 % dead where the training fell short.

## Why it harms
A unit whose pre-activation is negative on every sample has zero gradient: nothing can revive it. A dead layer
cuts off all layers before it and turns the net into a constant.

## Known false alarms
Sparse activity, zeros on 50–90 % of the samples, is what ReLU nets do, and is not counted: a unit must be
zero on every sample of every late reading. A net that learned in spite of dead units is not accused.

## Threshold
A live unit that answers a share p of the samples is silent on all N = batch × readings of them with
probability (1 − p)ᴺ. N ≥ 128 is demanded: a unit active on 5 % of the data is then taken for dead with
probability 0.95¹²⁸ = 0.0014. Below 90 % the layer keeps more than a tenth of its width, a width at which nets
are known to train; at 99 % and above less than one unit in a hundred is left and the layer counts as dead.

## Example
A rate of 0.5 throws the biases far below zero in the first steps; the loss then stays at its constant for
ever.

## Remedy
Lower the rate, He initialisation, LeakyReLU or GELU, normalise.

## References
Maas, Hannun & Ng (2013); Lu et al. (2020), Dying ReLU and initialization.
"""

from rhobar.diagnose.progress import MIN_STEPS, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import Evidence, Reading, Record, Remedy, Training

__all__ = ["dead_units"]

_MOST = 0.9
_WHOLE = 0.99
_MIN_SAMPLES = 128
_FAMILY = ("relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "hardswish", "threshold")


@rule(
    "dead-units",
    kind="symptom",
    why="A ReLU that is negative on every sample passes no gradient, so nothing can bring it back.",
    remedy=Remedy(
        "Lower the learning rate and initialise with He; a leaky activation keeps a gradient alive.",
        "nn.LeakyReLU(0.01)",
    ),
    explains=("not-learning", "underfitting", "vanishing-gradient", "learning-rate-too-low", "rank-collapse"),
    references=("Lu et al. (2020), Dying ReLU and initialization: theory and numerical examples",),
)
def dead_units(training: Training, record: Record) -> Outcome:
    """Fire on layers that stayed dead through all late readings of a training that fell short."""
    course = progress(training)
    late = [r for r in training.readings if 2 * r.step >= len(training.losses)]
    if course is None or course.num_steps < MIN_STEPS or len(late) < 2:
        return unchecked("dead-units", "needs two readings in the second half of the training")
    shares = _dead_throughout(late)
    if not shares:
        return None
    num_samples = max(training.batch_sizes, default=0) * len(late)
    if num_samples < _MIN_SAMPLES:
        return unchecked("dead-units", f"only {num_samples} samples in the late readings, {_MIN_SAMPLES} are needed")
    dead = {name: share for name, share in shares.items() if share >= _MOST}
    if not dead or not fell_short(training, course):
        return None
    worst = max(dead, key=lambda name: dead[name])
    return Seen(
        summary=f"{dead[worst]:.0%} of the units of {worst} were zero on all {num_samples} samples of the "
        "last "
        f"{len(late)} readings" + (f"; {len(dead)} layers are like this." if len(dead) > 1 else "."),
        severity=1.0 if dead[worst] >= _WHOLE else 0.7,
        confidence=0.95 if dead[worst] >= _WHOLE else 0.8,
        where=tuple(dead),
        evidence=tuple(Evidence(f"dead share of {name}", share, _MOST) for name, share in dead.items()),
    )


def _dead_throughout(late: list[Reading]) -> dict[str, float]:
    """Smallest dead share of each ReLU layer over the given readings, if it was seen in at least two."""
    seen: dict[str, list[float]] = {}
    for reading in late:
        for layer in reading.layers:
            if layer.dead is not None and (layer.activation or "").lower() in _FAMILY:
                seen.setdefault(layer.name, []).append(layer.dead)
    return {name: min(values) for name, values in seen.items() if len(values) >= 2}
