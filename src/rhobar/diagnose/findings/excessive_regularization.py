"""Weight decay outweighs the data.

## What it does
Compares the pull of the decay with that of the loss in the first readings, in the unit in which this
optimizer adds them. Fires when the decay is stronger, the weights shrank to less than half, and the
training fell short, or is beaten on its own rows by a simple probe on rows it has not seen.

## Why it harms
The optimum of loss + λ/2 ‖w‖² moves to w = 0 as λ grows: the network answers a constant.

## Threshold
Coupled decay (SGD, Adam) adds λw to the gradient g: it dominates for λ‖w‖/‖g‖ ≥ 1. Decoupled decay
(AdamW) adds λw to a step of size 1 per weight, so that |w| ≤ 1/λ in the end (Xie, Li 2024): it dominates
for λ · rms(w) ≥ 1. At a healthy optimum of the penalised loss the coupled ratio is 1 as well, hence only
the first readings count.

A penalty written into the loss counts where it exceeds the data's part of the loss at the end, and a simple probe
gives a tenth more right answers than the network.

## Known false alarms
None known; penalties written into the loss of a regression are seen only where they shrink all weights to a tenth.

## Example
`torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=1.0)`

## Remedy
Lower the decay: 10⁻⁴ to 10⁻³ coupled, 10⁻² to 10⁻¹ decoupled.

## References
Krogh, Hertz (1991), A simple weight decay can improve generalization; Xie, Li (2024), Implicit bias of
AdamW.
"""

import math
from statistics import median

from rhobar.diagnose.harm import Harm, harm, outscored
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, Reading, Record, Remedy, Training

__all__ = ["excessive_regularization"]

COLLAPSED = 0.1
"""Two matrices at a tenth each pass at most a hundredth of the signal: the answer is a constant."""


@rule(
    "excessive-regularization",
    kind="cause",
    why="The decay pulls harder on the weights than the data do, so they shrink to zero.",
    remedy=Remedy("Lower the weight decay.", "torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)"),
    explains=(
        "underfitting",
        "not-learning",
        "too-little-capacity",
        "dead-units",
        "vanishing-gradient",
        "rank-collapse",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "uninformative-labels",
        "class-imbalance",
    ),
    references=(
        "Krogh, Hertz (1991), A simple weight decay can improve generalization",
        "Xie, Li (2024), Implicit bias of AdamW",
    ),
)
def excessive_regularization(training: Training, record: Record) -> Outcome:
    """Fire if weight decay dominates from the start and the weights shrank."""
    optimizer, hurt = training.optimizer, harm(training)
    if optimizer is None or hurt is None or len(training.readings) < 2:
        return unchecked("excessive-regularization", "no optimizer or fewer than two readings were seen")
    decay = optimizer.settings.get("weight_decay", 0.0)
    if seen := _collapsed(training) or _written(training, hurt):
        return seen
    if not decay > 0 or not (hurt.falls_short or hurt.beaten) or not hurt.course.finite:
        return None
    decoupled = optimizer.kind in ("AdamW", "NAdamW", "Lion", "Muon") or bool(
        optimizer.settings.get("decoupled_weight_decay")
    )
    pulls = [p for r in training.readings[:3] if (p := _pull(r, decay, decoupled)) is not None]
    ratios = list(_shrunk(training).values())
    if not pulls or not ratios:
        return None
    pull, shrunk = median(pulls), median(ratios)
    if not pull >= 1 or not shrunk < 0.5:
        return None
    return Seen(
        summary=f"A weight decay of {decay:g} pulls {pull:.3g} times as hard as the loss; at the median the "
        f"weight matrices shrank to {100 * shrunk:.3g} % of their size.",
        severity=0.8,
        confidence=0.85,
        evidence=(
            Evidence("pull of the decay over pull of the loss", pull, 1.0),
            Evidence("size of the median matrix, end over start", shrunk, 0.5),
        ),
    )


def _collapsed(training: Training) -> Seen | None:
    """Every matrix shrank to a tenth of its start or less: a penalty written into the loss does this, data never."""
    ratios = _shrunk(training)
    if len(ratios) < 2 or not max(ratios.values()) <= COLLAPSED:
        return None
    largest = max(ratios.values())
    return Seen(
        summary=f"All {len(ratios)} weight matrices shrank to at most {largest:.1%} of their size: a penalty "
        "outweighs the data.",
        severity=0.85,
        confidence=0.9,
        where=tuple(ratios)[:5],
        evidence=(Evidence("largest size of a matrix, end over start", largest, COLLAPSED),),
    )


def _written(training: Training, hurt: Harm) -> Seen | None:
    """A penalty written into the loss that weighs more than the data, in a network that simple probes outscore."""
    loss, data = training.loss, training.modes.train_loss
    if loss is None or data is None or not 0 < loss.num_penalties == loss.num_terms - 1 or not hurt.course.finite:
        return None
    penalty = hurt.course.end - data
    if not penalty > data > 0 or not outscored(training):
        return None
    return Seen(
        summary=f"Of a loss of {hurt.course.end:.3g} at the end, {penalty:.3g} is a penalty on the weights and "
        f"{data:.3g} is about the data, and a simple model answers better than the network.",
        severity=0.8,
        confidence=0.85,
        evidence=(Evidence("penalty on the weights at the end", penalty, data),),
        remedy=Remedy(
            "Lower the factor of the penalty until it is a small part of the loss.",
            "loss = criterion(output, target) + 1e-4 * sum(p.abs().sum() for p in model.parameters())",
        ),
    )


def _shrunk(training: Training) -> dict[str, float]:
    """Size at the end over size at the start of every matrix that is trained."""
    first = {p.name: p.weight for p in training.readings[0].parameters if p.gradient}
    last = {p.name: p.weight for p in training.readings[-1].parameters}
    trained = [p.name for p in training.parameters if len(p.shape) >= 2 and p.held and p.reached]
    return {name: last[name] / first[name] for name in trained if first.get(name) and name in last}


def _norm(reading: Reading) -> float:
    return math.sqrt(sum(p.size * p.weight**2 for p in reading.parameters))


def _pull(reading: Reading, decay: float, decoupled: bool) -> float | None:
    size = sum(p.size for p in reading.parameters)
    if decoupled:
        return decay * _norm(reading) / math.sqrt(size) if size else None
    return decay * _norm(reading) / reading.gradient_norm if reading.gradient_norm else None
