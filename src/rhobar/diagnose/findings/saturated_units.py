"""Hidden sigmoid or tanh units that sit in their flat ends.

## What it does
Takes the median saturated share of every hidden layer with a two-sided squashing activation over the
readings. Fires when it is at least 80 % and the training fell short. The output layer is never counted: a
trained classifier is saturated there by right.

## Why it harms
In the flat ends φ' ≈ 0: a share s of saturated units passes only (1 − s) of the gradient's energy.

## Known false alarms
Gates of recurrent nets saturate when they work, and binary codes are meant to; a training that learned is not
accused.

## Threshold
For z ~ N(0, σ²) the share beyond |z| > c is 80 % when σ = c/0.253, four times c. With c ≈ 2.6 (tanh' < 0.02)
that is σ ≈ 10, ten times the unit scale that Xavier initialisation aims at (which saturates under 1 %). The
gain of the backward pass is then at most √0.2 = 0.45 per layer on top of all other losses.

## Example
`nn.Tanh()` on inputs of 0–255, or after weights drawn with standard deviation 1.

## Remedy
Standardise the inputs, Xavier initialisation, a normalisation before the activation, or ReLU/GELU.

## References
Glorot & Bengio (2010); LeCun et al. (1998), Efficient BackProp.
"""

from statistics import median

from rhobar.diagnose.progress import MIN_STEPS, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["saturated_units"]

_MOST = 0.8
_SQUASHING = ("sigmoid", "tanh", "hardtanh", "hardsigmoid", "softsign")


@rule(
    "saturated-units",
    kind="symptom",
    why="A unit in the flat end of its activation passes no gradient and says the same about every sample.",
    remedy=Remedy(
        "Bring the pre-activations to unit scale: standardised inputs, Xavier initialisation, a normalisation.",
        "nn.Sequential(nn.Linear(n, m), nn.LayerNorm(m), nn.Tanh())",
    ),
    explains=("not-learning", "underfitting", "vanishing-gradient", "learning-rate-too-low"),
    references=("Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks",),
)
def saturated_units(training: Training, record: Record) -> Outcome:
    """Fire if four fifths of a hidden layer's activations stayed flat and the training fell short."""
    course = progress(training)
    if course is None or course.num_steps < MIN_STEPS or not training.readings:
        return unchecked("saturated-units", f"needs {MIN_STEPS} backward passes and a reading of the layers")
    output = training.loss.output_layer if training.loss else None
    seen: dict[str, list[float]] = {}
    for reading in training.readings:
        for layer in reading.layers[:-1]:
            squashing = (layer.activation or "").lower() in _SQUASHING
            if squashing and layer.saturated is not None and layer.name != output:
                seen.setdefault(layer.name, []).append(layer.saturated)
    flat = {name: share for name, values in seen.items() if (share := median(values)) >= _MOST}
    if not flat or not fell_short(training, course):
        return None
    worst = max(flat, key=lambda name: flat[name])
    return Seen(
        summary=f"{flat[worst]:.0%} of the activations of {worst} lie in the flat ends of its non-linearity"
        + (f"; {len(flat)} hidden layers are like this." if len(flat) > 1 else "."),
        severity=0.8,
        confidence=0.85,
        where=tuple(flat),
        evidence=tuple(Evidence(f"saturated share of {name}", share, _MOST) for name, share in flat.items()),
    )
