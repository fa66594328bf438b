"""An activation whose slope or range makes this depth untrainable.

## What it does
Fires when hidden sigmoids (or hard steps, or exponentials) stand in sequence, the gradient decays through
them as their slope dictates, the weights are of a standard scale, and the training fell short. So does a piecewise
linear activation in a loss that holds derivatives of the network, if it gets no gradient from them at all.

## Why it harms
σ'(z) = σ(1 − σ) ≤ ¼: each sigmoid layer takes at least three quarters of the gradient away. A step has
slope 0. eˣ has no bound: signal and slope grow without end.

## Threshold
A standard scheme has std · √fan ≤ √2 (He), so a sigmoid layer passes at most √2/4 = 0.35 of the gradient:
after five such layers at most 0.006. Fires below 1/100: the first layers then learn a hundred times
slower than the last; or where no layer passes more than those 0.35 on average. A step: gradient exactly 0.
An exponential: a non-finite value, or a chain product of the signal above 10³.

## Known false alarms
Shallow sigmoid nets, gates of recurrent cells, attention, normalised and residual layers do not fire.

## Example
`nn.Sequential(*[m for _ in range(8) for m in (nn.Linear(64, 64), nn.Sigmoid())])`

## Remedy
ReLU, GELU or tanh with a fitting initialisation; normalisation or skips for depth.

## References
Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward neural networks.
"""

import dataclasses
import math

from rhobar.diagnose.depth import backward_profile, chain, forward_profile
from rhobar.diagnose.findings.badly_scaled_initialization import DISTANCE, scheme_distance
from rhobar.diagnose.harm import harm
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, LayerReading, Record, Remedy, Training

__all__ = ["unfit_activation"]

FLAT = ("sigmoid", "hardsigmoid", "softmax")
STEPS = ("sign", "round")
DECAY = 1e-2
SLOPE = math.sqrt(2) / 4


@rule(
    "unfit-activation",
    kind="cause",
    why="The slope of this activation is at most 1/4 (sigmoid) or 0 (step): over this depth no gradient is left.",
    remedy=Remedy(
        "Use an activation of slope near 1, initialised for it.", "nn.ReLU()  # with nn.init.kaiming_normal_"
    ),
    explains=(
        "vanishing-gradient",
        "saturated-units",
        "not-learning",
        "underfitting",
        "learning-rate-too-low",
        "dead-units",
        "too-little-capacity",
        "rank-collapse",
        "too-few-epochs",
        "exploding-gradient",
        "nonfinite-values",
        "loss-spike",
        "class-imbalance",
        "no-optimizer-step",
        "unstable-formula",
        "unoptimized-parameters",
        "detached-parameters",
        "learning-rate-too-high",
        "excessive-regularization",
        "uninformative-labels",
    ),
    references=("Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward neural networks",),
)
def unfit_activation(training: Training, record: Record) -> Outcome:
    """Fire if the hidden activation's own slope takes the gradient away."""
    hurt = harm(training)
    if hurt is None or not training.readings:
        return unchecked("unfit-activation", "no step was read layer by layer")
    first = training.readings[0]
    hidden = [layer for layer in chain(first)[:-1] if not layer.normalised and layer.operation != "recurrent"]
    if not hidden:
        return None
    steps = [x for x in hidden if x.activation in STEPS and x.gradient is not None and x.gradient.rms == 0]
    if steps:
        text = f"The slope of {steps[0].activation} is 0 wherever it exists: no gradient passes {steps[0].name}."
        return _seen(steps, text, 0.0, 0.0, 0.95)
    if not hurt.falls_short:
        return None
    kinked = [x for x in hidden if f"{x.activation} slope" in training.structure.nonlinearities]
    if 2 * len(kinked) > len(hidden) and all(x.gradient is not None and x.gradient.rms == 0 for x in kinked):
        name = str(kinked[0].activation)
        text = (
            f"The loss holds derivatives of the network by its inputs, and the slope of {name} is constant: its own "
            "derivative is 0, so no gradient of them reaches what the hidden layers compute."
        )
        smooth = Remedy("Use an activation with as many derivatives as the equation asks for.", "nn.Tanh()")
        return dataclasses.replace(_seen(kinked, text, 0.0, 0.0, 0.9), remedy=smooth)
    exps = [x for x in hidden if x.activation == "exp"]
    forward = forward_profile(first)
    overflowed = training.nonfinite is not None and training.nonfinite.operation == "Exp"
    if exps and (overflowed or (forward is not None and not forward.product <= 1e3)):
        product = forward.product if forward is not None else math.nan
        text = f"{len(exps)} hidden exp layer(s) multiply the signal by {product:.3g} over the depth."
        return _seen(exps, text, product, 1e3, 0.8)
    flat = [x for x in hidden if x.activation in FLAT]
    profile = backward_profile(first)
    if len(flat) < 2 or 2 * len(flat) < len(hidden) or _badly_scaled(training) or profile is None:
        return None
    if not (profile.product < DECAY or profile.rho <= SLOPE):
        return None  # the gradient passes: these are gates beside the path, or other layers make up for them
    text = (
        f"{len(flat)} hidden {flat[0].activation} layers leave {profile.product:.2g} of the gradient for the first: "
        f"each passes {profile.rho:.2f} of it on average, and with usual weights it could be at most {SLOPE:.2f}."
    )
    return _seen(flat, text, profile.product, DECAY, 0.93)


def _badly_scaled(training: Training) -> bool:
    matrices = [p for p in training.parameters if len(p.shape) >= 2 and p.fan_in > 0 and p.initial_std]
    return any(not 1 / DISTANCE < scheme_distance(p) < DISTANCE for p in matrices if not p.moved_before)


def _seen(layers: list[LayerReading], text: str, value: float, threshold: float, confidence: float) -> Seen:
    return Seen(
        summary=text,
        severity=0.95,
        confidence=confidence,
        where=tuple(layer.name for layer in layers[:5]),
        evidence=(Evidence("chain product over the depth at the first step", value, threshold),),
    )
