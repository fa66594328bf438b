"""The gradient grows: over the depth, or in time until the loss is lost.

## What it does
Fires when the backward chain product C (see vanishing-gradient) is above the threshold at the median reading,
or when the gradient norm has grown by a large factor since the first readings while the loss rose; both only
if the training fell short.

## Why it harms
The curvature of the first layers scales as C²: the rate that the last layer needs is far beyond their limit
2/λ.

## Known false alarms
Recurrent nets whose norm peaks are clipped and which learn are healthy: a training that learned is never
accused.

## Threshold
Depth: C ≥ T with T the number of steps held between 10³ and 10⁴, the mirror image of vanishing-gradient: the
first layer travels in one step farther than the last one in the whole training. Time: growth ≥ 10³; at the
usual relative update of 10⁻³ per step such a growth makes one step as long as the weights themselves.

## Example
Thirty layers of `nn.init.normal_(w, std=0.2)` with 64 inputs: ρ ≈ 0.2·√64/√2 = 1.13 … 1.6 per layer.

## Remedy
He initialisation, normalisation, a lower rate; clip the norm in recurrent nets.

## References
Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks.
"""

import math
from statistics import median

from rhobar.diagnose.depth import backward_profile, typical_profile
from rhobar.diagnose.progress import Progress, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["exploding_gradient"]

_GROWTH = 1e3


@rule(
    "exploding-gradient",
    kind="symptom",
    why="Steps are sized for the gradient at the start or at the last layer; where it is thousands of "
    "times larger "
    "they throw the weights far outside the region in which the gradient means anything.",
    remedy=Remedy(
        "Initialise for the activation, normalise, lower the rate; clip the norm in recurrent nets.",
        "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)",
    ),
    explains=(
        "nonfinite-values",
        "loss-spike",
        "not-learning",
        "underfitting",
        "dead-units",
        "saturated-units",
    ),
    references=("Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks",),
)
def exploding_gradient(training: Training, record: Record) -> Outcome:
    """Fire if the gradient grew a thousandfold, over depth or in time, and the training fell short."""
    course = progress(training)
    if course is None or not training.readings:
        return unchecked("exploding-gradient", "no reading of the gradients")
    if not fell_short(training, course):
        return None
    return _over_depth(training, course) or _in_time(training, course)


def _over_depth(training: Training, course: Progress) -> Outcome:
    profile = typical_profile(p for r in training.readings if (p := backward_profile(r)) and len(p.gains) >= 3)
    threshold = float(min(max(course.num_steps, 1_000), 10_000))
    if profile is None or profile.product < threshold:
        return None
    return Seen(
        summary=f"Over {len(profile.gains) + 1} layers the gradient grows {profile.product:.1e}-fold, "
        f"ρ̄ = {profile.rho:.2f} per layer; it grows most at {profile.breaking_layer}.",
        severity=0.9,
        confidence=0.9,
        where=profile.names,
        evidence=(
            Evidence("backward chain product, first layer over last", profile.product, threshold),
            Evidence("backward gain per layer, ρ̄", profile.rho, threshold ** (1 / len(profile.gains))),
        ),
    )


def _in_time(training: Training, course: Progress) -> Outcome:
    norms = [(r.step, r.gradient_norm) for r in training.readings if r.gradient_norm is not None]
    finite = [(step, norm) for step, norm in norms if math.isfinite(norm)]
    if len(finite) < 3 or not (course.diverged or course.end > course.start):
        return None
    first = median(norm for _, norm in finite[:3])
    step, largest = max(finite[2:], key=lambda pair: pair[1])
    growth = largest / first if first > 0 else 0.0
    if growth < _GROWTH:
        return None
    return Seen(
        summary=f"The gradient norm grew from {first:.2g} to {largest:.2g} at step {step}, "
        f"{growth:.1e}-fold, "
        f"while the loss went from {course.start:.3g} to {course.end:.3g}.",
        severity=0.9,
        confidence=0.9,
        evidence=(Evidence("growth of the gradient norm", growth, _GROWTH),),
    )
