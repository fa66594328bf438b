"""Consecutive linear maps that collapse into one.

## What it does
Reads the graph between the data and the loss. Fires when no non-linearity stands between any of the maps,
or when some of them follow each other bare in a training that fell short. A narrow pair (fewer features
between the maps than the product could need) limits the rank on purpose and does not fire.

## Why it harms
W₂(W₁x + b₁) + b₂ is a single linear map; depth then adds parameters and no functions.

## Threshold
Exact algebra: a pair of width ≥ min(inputs, outputs) can be replaced by one map of the same rank. The
harm that a partial collapse must show is defined in `rhobar.diagnose.harm`: without it a linear pair is a
matter of taste.

## Known false alarms
Deep linear networks studied on purpose.

## Example
`nn.Sequential(nn.Linear(2, 64), nn.Linear(64, 2))`

## Remedy
Put an activation between them, or merge them.

## References
Leshno, Lin, Pinkus, Schocken (1993), Multilayer feedforward networks with a nonpolynomial activation
function.
"""

from rhobar.diagnose.harm import LEARNED, harm
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import CollapsedPair, Evidence, Record, Remedy, Training

__all__ = ["missing_nonlinearity"]


@rule(
    "missing-nonlinearity",
    kind="cause",
    why="Linear maps that follow each other without a non-linearity are one linear map.",
    remedy=Remedy("Put an activation between the maps.", "nn.Sequential(nn.Linear(a, b), nn.ReLU(), nn.Linear(b, c))"),
    explains=(
        "underfitting",
        "not-learning",
        "too-little-capacity",
        "rank-collapse",
        "learning-rate-too-low",
        "too-few-epochs",
        "vanishing-gradient",
        "learning-rate-too-high",
        "class-imbalance",
        "batch-size-misfit",
        "excessive-regularization",
    ),
    references=(
        "Leshno, Lin, Pinkus, Schocken (1993), Multilayer feedforward networks with a nonpolynomial activation",
    ),
)
def missing_nonlinearity(training: Training, record: Record) -> Outcome:
    """Fire if linear maps follow each other bare."""
    structure = training.structure
    if structure.num_maps == 0:
        return unchecked("missing-nonlinearity", "the operations between data and loss were not seen")
    wide = [pair for pair in structure.collapsed if pair.width >= pair.rank]
    if structure.num_maps < 2 or not wide:
        return None
    hurt = harm(training)
    # What is frozen leaves no trace in the graph, nor do the non-linearities between frozen maps.
    hidden = any(len(p.shape) >= 2 and p.used and not p.trainable for p in training.parameters)
    if not structure.nonlinearities and structure.normalisations == 0 and not hidden:
        learned = hurt is not None and hurt.explained is not None and hurt.explained >= LEARNED
        text = (
            f"None of the {structure.num_maps} linear maps is followed by a non-linearity: together they are one "
            "linear map."
        )
        return _seen(text, wide, 0.4 if learned else 0.9, 0.95)
    if hurt is None or not (hurt.falls_short or hurt.beaten):
        return None
    text = (
        f"{len(wide)} pair(s) of linear maps follow each other without a non-linearity, first "
        f"{wide[0].first} → {wide[0].second}."
    )
    return _seen(text, wide, 0.4, 0.6)


def _seen(text: str, wide: list[CollapsedPair], severity: float, confidence: float) -> Seen:
    return Seen(
        summary=text,
        severity=severity,
        confidence=confidence,
        where=tuple(f"{pair.first} → {pair.second}" for pair in wide[:5]),
        evidence=(
            Evidence("pairs that collapse", float(len(wide)), 0.0),
            Evidence("features between the first pair", float(wide[0].width), float(wide[0].rank)),
        ),
    )
