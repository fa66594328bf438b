"""Softmax before cross-entropy: the loss cannot fall below ln(1 + (K − 1)/e), and a sure error has no gradient."""

import math

import torch

from rhobar.experiments.checks import at_least, at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.losses import sparse_categorical_cross_entropy

__all__ = ["EXPERIMENT"]

_CLASSES = (2, 3, 5, 10, 100)
_MARGINS = (0.0, 2.0, 5.0, 10.0, 20.0)
"""By how many nats a wrong class leads."""


def _loss(logits: torch.Tensor, targets: torch.Tensor, setting: Setting) -> torch.Tensor:
    handed = logits if setting.broken else logits.softmax(1)
    return sparse_categorical_cross_entropy(handed, targets)


def _trained(num_classes: int, setting: Setting) -> float:
    """Train a logit for each class and sample, which could answer without error; return the least loss."""
    targets = torch.randint(num_classes, (setting.size(20, 200),), generator=setting.generator(num_classes))
    logits = torch.zeros(len(targets), num_classes, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.1)
    least = math.inf
    for _ in range(400):
        optimizer.zero_grad()
        loss = _loss(logits, targets, setting)
        loss.backward()
        optimizer.step()
        least = min(least, loss.item())
    return least


def _slope(margin: float, setting: Setting) -> float:
    """Return the derivative of the loss by the margin of the wrong one of two classes."""
    m = torch.tensor(margin, dtype=torch.float64, requires_grad=True)
    logits = torch.stack([torch.zeros_like(m), m])[None]
    (slope,) = torch.autograd.grad(_loss(logits, torch.tensor([0]), setting), m)
    return float(slope)


def _run(setting: Setting) -> Result:
    floors = [math.log(1 + (k - 1) / math.e) for k in _CLASSES]
    least = [_trained(k, setting) for k in _CLASSES]
    laws = []
    for m in _MARGINS:
        p = 1 / (1 + math.exp(-m))  # of the wrong class
        laws.append(2 * p * (1 - p) / (1 + math.exp(1 - 2 * p)))
    slopes = [_slope(m, setting) for m in _MARGINS]
    return Result(
        checks=(
            *(
                at_least(f"least loss of {k} classes: not below ln(1 + (K − 1)/e)", f - 1e-12, seen)
                for k, f, seen in zip(_CLASSES, floors, least, strict=True)
            ),
            *(
                at_most(f"least loss of {k} classes: comes within 1 % of it", 1.01 * f, seen)
                for k, f, seen in zip(_CLASSES, floors, least, strict=True)
            ),
            *(
                near(f"slope where a wrong class leads by {m:g}: 2p(1 − p)σ(2p − 1)", law, seen, relative=1e-6)
                for m, law, seen in zip(_MARGINS, laws, slopes, strict=True)
            ),
        ),
        figures=(
            versus("Softmax before cross-entropy", "classes K", "least loss, nats", _CLASSES, floors, least, log=True),
            versus("Gradient of a sure error", "lead of the wrong class, nats", "slope", _MARGINS, laws, slopes),
        ),
        notes=(
            "With logits the slope of a sure error tends to 1: where it is most wrong it learns fastest. With an "
            "extra softmax it tends to 0 as e^(−m).",
            "At 100 classes the floor is 3.6 of the ln 100 = 4.6 of no answer at all.",
        ),
    )


EXPERIMENT = Experiment(
    name="double-softmax-has-a-floor",
    claim="Where softmax is applied before cross-entropy over K classes, the loss is at least ln(1 + (K − 1)/e), and "
    "its slope falls as e^(−m) where a wrong class leads by m.",
    source="Bridle (1990), Probabilistic interpretation of feedforward classification network outputs.",
    textbook=("A38", "C20"),
    control="the logits are handed to the loss",
    run=_run,
    formulas=("rhobar.nn.losses.sparse_categorical_cross_entropy",),
    findings=("double-softmax", "vanishing-gradient"),
)
