"""One corrupt row can push a ReLU unit to where nothing reaches it: the loss jumps and stays."""

import torch

from rhobar.experiments.checks import at_least, near, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.activations import relu
from rhobar.probes.survey import Curve, Plot
from rhobar.train import clip_norm_

__all__ = ["EXPERIMENT"]

_RATE, _CLIP = 0.1, 1.0
_AT, _STEPS = 50, 400


def _course(outlier: float, x: torch.Tensor, *, clip: bool) -> list[float]:
    """Train y = relu(wx) on y = x by SGD; the batch of one step is a single row x = 1 with the target −M."""
    w = torch.full((1,), 1.2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=_RATE)
    losses = []
    for t in range(_STEPS):
        losses.append(0.5 * (relu(w * x) - x).square().mean())
        one = torch.ones(1, dtype=torch.float64)
        loss = 0.5 * (relu(w * one) + outlier).square().mean() if t == _AT else losses[-1]
        optimizer.zero_grad()
        loss.backward()
        if clip:
            clip_norm_([w], _CLIP)
        optimizer.step()
    return [loss.item() for loss in losses]


def _run(setting: Setting) -> Result:
    x = 0.5 + torch.rand(setting.size(50, 500), generator=setting.generator(), dtype=torch.float64)
    # Just before the step w = 1 + 0.2 (1 − η E x²)^t; the step takes η(w + M) off it: dead from M* = w/η − w on.
    w = 1 + 0.2 * (1 - _RATE * x.square().mean().item()) ** _AT
    threshold = w / _RATE - w
    dead_loss = 0.5 * x.square().mean().item()
    factors = (0.5, 0.9, 0.99, 1.01, 1.1, 10.0)
    courses = [_course(f * threshold, x, clip=setting.broken) for f in factors]
    saved = _course(10 * threshold, x, clip=True)
    steps = tuple(float(t) for t in range(_STEPS))
    return Result(
        checks=(
            *(
                near(f"loss at the end after M = {f} M*: that of the answer 0, ½E x²", dead_loss, course[-1],
                     relative=1e-9)
                for f, course in zip(factors, courses, strict=True)
                if f > 1
            ),
            *(
                true(f"after M = {f} M* the loss comes back below a hundredth of it", course[-1] < dead_loss / 100)
                for f, course in zip(factors, courses, strict=True)
                if f < 1
            ),
            at_least("loss lost at a stroke, M = 1.01 M*: times that of the step before", 1e3,
                     courses[3][_AT + 1] / courses[3][_AT]),
            true("clipped to ηc < w it comes back from any outlier", saved[-1] < dead_loss / 100),
        ),
        figures=(
            Plot("One corrupt row at step 50", "step", "loss on all rows",
                 (Curve("predicted ½E x² where dead", steps, (dead_loss,) * _STEPS),
                  Curve("measured, M = 0.99 M*", steps, tuple(courses[2])),
                  Curve("measured, M = 1.01 M*", steps, tuple(courses[3])))),
        ),
        notes=(f"M* = w(1/η − 1) = {threshold:.3g}.",
               "On a convex loss a jump is made up at the usual rate; what is lost for good needs a region without "
               "gradient, as that of a dead unit."),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="one-row-ends-learning",
    claim="For relu(wx) with x > 0, a batch of the row x = 1 with the target −M makes w negative if and only if "
    "M ≥ w(1/η − 1): from there no gradient brings it back, while below the loss recovers.",
    source="Pascanu, Mikolov and Bengio (2013), section 3.2, for the clip; Lu et al. (2020), Dying ReLU, section 2.",
    textbook=("A23", "A66"),
    control="gradients clipped to c < w/η, which bounds the step",
    run=_run,
    formulas=(
        "rhobar.nn.activations.relu",
        "rhobar.train.clip_norm_",
    ),
    findings=("loss-spike", "dead-units"),
)
