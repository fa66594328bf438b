"""Parameters that receive gradients but that no optimizer holds, or that were frozen before they learned anything.

## What it does
Lists trainable parameters that the loss reaches, whose gradients are not zero, that no optimizer of the
program holds and that never moved, while an optimizer, or an update by hand, does take steps. In a training that
left a tenth of the task it also names frozen matrices that still stand as an initialiser drew them, if they are most
of the network.

## Why it harms
Their gradients are computed and thrown away; they stay at their random start, and often everything below
depends on them.

## Known false alarms
Pretrained parts left out on purpose have been loaded or trained before and are not counted; frozen parameters
are not trainable, and count only at a random start and with harm: random features that suffice are no fault.
Inputs that require gradients (coordinates of a physics-informed net, adversarial images)
look like a batch and are not counted. Single scalars and vectors are counted only if the training fell short.

## Threshold
None beyond that: one weight matrix with gradients that stays at its random start is a fault by itself.

## Example
`self.layers = [nn.Linear(8, 8) for _ in range(3)]` hides them from `model.parameters()`; so does
`model.fc = nn.Linear(8, 2)` after the optimizer was built.

## Remedy
`nn.ModuleList`; build the optimizer after the model is complete.

## References
PyTorch documentation, torch.nn.ModuleList; torch.optim, Constructing it.
"""

import math

from rhobar.diagnose.harm import LEARNED, outscored
from rhobar.diagnose.progress import progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import Evidence, ParameterFacts, Record, Remedy, Training

__all__ = ["unoptimized_parameters"]

QUIET = 1e-3
"""Of the largest gradient that moved its weights: an update by hand with less may round to nothing."""


@rule(
    "unoptimized-parameters",
    kind="cause",
    why="The optimizer updates only what it was given when it was built; gradients of other parameters are dropped.",
    remedy=Remedy(
        "Register layers in nn.ModuleList, and build the optimizer from the finished model's parameters.",
        "self.layers = nn.ModuleList(layers)\noptimizer = torch.optim.Adam(model.parameters())",
    ),
    explains=(
        "not-learning",
        "underfitting",
        "learning-rate-too-low",
        "too-little-capacity",
        "too-few-epochs",
        "detached-parameters",
        "badly-scaled-initialization",
    ),
    references=("PyTorch documentation, torch.optim: Constructing it",),
)
def unoptimized_parameters(training: Training, record: Record) -> Outcome:
    """Fire if reached parameters with gradients are held by no optimizer and stay at their random start."""
    by_hand = training.optimizer is None
    if training.num_steps == 0 or (by_hand and not any(p.moved for p in training.parameters)):
        return None
    if not training.parameters:
        return unchecked("unoptimized-parameters", "no parameters were seen")
    others = (p for t in record.trainings if t is not training for p in t.parameters)
    elsewhere = {(p.name, p.shape) for p in others if p.held or p.moved}
    reached = [p for p in training.parameters if p.reached and p.trainable and not _is_batch(p, training)]
    left = [p for p in reached if p.left_out and (p.name, p.shape) not in elsewhere]
    if by_hand:
        loud = _loud(training)
        left = [p for p in left if p.name in loud]
    course = progress(training)
    harmed = course is not None and (fell_short(training, course) or outscored(training))
    if not left or not (harmed or any(len(p.shape) >= 2 for p in left)):
        short = course is not None and course.explained is not None and course.explained < LEARNED
        return _frozen(training) if harmed or short else None
    share = sum(math.prod(p.shape) for p in left) / max(sum(math.prod(p.shape) for p in reached), 1)
    stale = [p for p in training.parameters if p.held and p.trainable and not p.reached and not p.has_gradient]
    shown = ", ".join(p.name for p in left[:3]) + (", …" if len(left) > 3 else "")
    return Seen(
        summary=f"{len(left)} of {len(reached)} parameters ({share:.0%} of the weights) receive gradients "
        f"but are {'in no update' if by_hand else 'held by no optimizer'} and never moved in {training.num_steps} "
        f"steps: {shown}"
        + (f"; the optimizer holds {len(stale)} others that the loss never reaches." if stale else "."),
        severity=0.95 if harmed else 0.4 + 0.4 * share,
        confidence=0.95,
        where=tuple(p.name for p in left),
        evidence=(
            Evidence("parameters with gradients and without optimizer", float(len(left)), 0.0),
            Evidence("their share of the weights", share, 0.0),
        ),
    )


def _frozen(training: Training) -> Outcome:
    """Most weights, or half of the matrices, are frozen and stand as random as they were drawn."""
    used = [p for p in training.parameters if len(p.shape) >= 2 and p.used]
    frozen = [p for p in used if not (p.trainable or p.moved or p.moved_before) and p.fresh]
    share = sum(math.prod(p.shape) for p in frozen) / max(sum(math.prod(p.shape) for p in used), 1)
    if not (share > 0.5 or (frozen and 2 * len(frozen) >= len(used))):
        return None
    shown = ", ".join(p.name for p in frozen[:3]) + (", …" if len(frozen) > 3 else "")
    return Seen(
        summary=f"{len(frozen)} of {len(used)} matrices ({share:.0%} of the weights) are frozen and stand as they "
        f"were drawn at random: {shown}.",
        severity=0.7,
        confidence=0.7,
        where=tuple(p.name for p in frozen),
        evidence=(Evidence("share of the weights frozen at random", share, 0.5),),
        remedy=Remedy(
            "Load the pretrained weights before freezing, or let these parameters train.",
            "for parameter in model.parameters():\n    parameter.requires_grad_(True)",
        ),
    )


def _loud(training: Training) -> set[str]:
    """Parameters whose gradient is large enough for an update by hand to show, beside those that one moved."""
    moved = {p.name for p in training.parameters if p.moved}
    loud = set[str]()
    for reading in training.readings:
        sizes = {p.name: p.gradient for p in reading.parameters if p.gradient is not None}
        most = max((size for name, size in sizes.items() if name in moved), default=math.inf)
        loud |= {name for name, size in sizes.items() if size >= QUIET * most > 0}
    return loud


def _is_batch(parameter: ParameterFacts, training: Training) -> bool:
    """Whether a nameless leaf is shaped like data: a batch's rows by its features or one coordinate."""
    if parameter.module or not parameter.shape or parameter.shape[0] not in training.batch_sizes:
        return False
    features = training.inputs.shape[1:] if training.inputs else ()
    return parameter.shape[1:] in ((), (1,), features)
