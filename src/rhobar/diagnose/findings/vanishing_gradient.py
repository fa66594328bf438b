"""The gradient shrinks on its way down: the early layers receive next to nothing.

## What it does
Takes ρ_l = ‖dL/dz_l‖ / ‖dL/dz_{l+1}‖ along the layers in sequence at every reading and looks at the chain
product C of the reading with the median C. Fires when C is below the threshold and the training fell short.

## Why it harms
Layer 1 moves by C times what the last layer moves; a rate that suits one end is useless at the other.

## Known false alarms
torch's default initialisation loses a factor of about 2.4 per ReLU layer (gain² = 1/3 · 1/2) and trains at
usual depth: a training that learned is never accused. Adam divides by the gradient's own size: where the
first layer's relative updates keep up with the last one's (a tenth of them), only a training that is stuck is
accused, and with less weight.

## Threshold
C ≤ 1/T, with T the number of steps: the first layer then travels less in the whole training than the last
layer does in one single step. T is held between 10³ and 10⁴, so that neither a short nor a long script moves
the line by much. At least three gains, because a chain of one or two is a layer, not a depth.

## Example
Ten `nn.Linear` + `nn.Sigmoid` layers: σ' ≤ 1/4, so C ≤ 4⁻¹⁰·‖W‖.

## Remedy
ReLU or GELU with He initialisation, normalisation, residual connections.

## References
Hochreiter (1991); Bengio, Simard & Frasconi (1994); Glorot & Bengio (2010); He et al. (2015).
"""

from statistics import median

from rhobar.diagnose.depth import backward_profile, chain, typical_profile
from rhobar.diagnose.progress import MIN_STEPS, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["vanishing_gradient"]

_MIN_GAINS = 3


@rule(
    "vanishing-gradient",
    kind="symptom",
    why="Each layer multiplies the gradient by ρ < 1; over the depth little is left, and the early layers, "
    "on which all others build, keep their random weights.",
    remedy=Remedy(
        "Keep ρ near 1: ReLU or GELU with He initialisation, a normalisation, residual connections.",
        "x = x + self.block(self.norm(x))",
    ),
    explains=("not-learning", "underfitting", "learning-rate-too-low", "too-few-epochs"),
    references=(
        "Bengio, Simard & Frasconi (1994), Learning long-term dependencies with gradient descent is difficult",
        "Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks",
    ),
)
def vanishing_gradient(training: Training, record: Record) -> Outcome:
    """Fire if the backward chain product is below 1/T and the training fell short."""
    course = progress(training)
    if course is None or course.num_steps < MIN_STEPS or not training.readings:
        return unchecked("vanishing-gradient", f"needs {MIN_STEPS} backward passes and a reading of the layers")
    profiles = [p for r in training.readings if (p := backward_profile(r)) and len(p.gains) >= _MIN_GAINS]
    profile = typical_profile(profiles)
    if profile is None:
        if max(len(chain(r)) for r in training.readings) > _MIN_GAINS:
            return unchecked("vanishing-gradient", "no finite gradient was read along the layers in sequence")
        return None
    threshold = 1 / min(max(course.num_steps, 1_000), 10_000)
    if profile.product > threshold or not fell_short(training, course):
        return None
    hidden = _updates_keep_up(training)
    if hidden and not course.stuck:
        return None
    return Seen(
        summary=f"Over {len(profile.gains) + 1} layers the gradient shrinks to {profile.product:.1e} of "
        "its size, "
        f"ρ̄ = {profile.rho:.2f} per layer; it loses most at {profile.breaking_layer}.",
        severity=0.5 if hidden else 0.9,
        confidence=0.6 if hidden else 0.9,
        where=profile.names,
        evidence=(
            Evidence("backward chain product, first layer over last", profile.product, threshold),
            Evidence("backward gain per layer, ρ̄", profile.rho, threshold ** (1 / len(profile.gains))),
        ),
    )


def _updates_keep_up(training: Training) -> bool:
    """Whether the first layer's relative update is at least a tenth of the last one's (Adam rescales)."""
    shares = []
    for reading in training.readings:
        names = [layer.name for layer in chain(reading)]
        ratios = (
            [
                ratio
                for name in (names[0], names[-1])
                for p in reading.parameters
                if p.name == f"{name}.weight" and (ratio := p.update_ratio) is not None
            ]
            if names
            else []
        )
        if len(ratios) == 2 and ratios[1] > 0:
            shares.append(ratios[0] / ratios[1])
    return bool(shares) and median(shares) >= 0.1
