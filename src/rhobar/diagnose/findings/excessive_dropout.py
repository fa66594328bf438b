"""Dropout noise dominates the signal.

## What it does
Fires when a dropout rate is above one half, the same batch scores far worse in train mode than in eval
mode, and the training loss explains less than half of what a constant leaves; or scores significantly worse, and even
without dropout the network stays behind a simple probe on rows that the probe has not seen.

## Why it harms
Dropping with probability p and rescaling by 1/(1 − p) adds noise of variance p/(1 − p) times the squared
signal.

## Threshold
p/(1 − p) exceeds 1 (more noise than signal in each unit) for p > ½. The gap in the loss: train mode at
least twice eval mode, or at least a quarter of the constant answer's loss above it. From p = 0.8 on the noise has four
times the signal's power (twice its size): a network that falls short then need not show a gap, because its
weights have learned nothing that dropout could hide.

## Known false alarms
Rates above ½ on one wide layer of a network that learns do not fire.

## Example
`nn.Dropout(0.9)`

## Remedy
Lower p (0.1 to 0.3 is usual), fewer dropout layers.

## References
Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), Dropout.
"""

from rhobar.diagnose.harm import behind, harm
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["excessive_dropout"]

HALF = 0.5
DROWNING = 0.8


@rule(
    "excessive-dropout",
    kind="cause",
    why="Each dropped layer multiplies the signal by noise of variance p/(1 − p); above one half "
    "there is more of it than signal.",
    remedy=Remedy("Lower the dropout rate.", "nn.Dropout(0.2)"),
    explains=(
        "underfitting",
        "not-learning",
        "too-little-capacity",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "too-few-epochs",
        "vanishing-gradient",
        "class-imbalance",
        "uninformative-labels",
    ),
    references=("Srivastava et al. (2014), Dropout",),
)
def excessive_dropout(training: Training, record: Record) -> Outcome:
    """Fire if dropout above one half keeps the training loss high."""
    modes, hurt = training.modes, harm(training)
    if modes.max_dropout <= HALF:
        return None
    if modes.train_loss is None or modes.eval_loss is None or hurt is None:
        return unchecked("excessive-dropout", "the kept batch could not be evaluated in both modes")
    gap = modes.train_loss - modes.eval_loss
    constant = hurt.course.constant
    drowned = modes.max_dropout >= DROWNING and (hurt.falls_short or hurt.course.stuck)
    wide = (
        drowned or not modes.train_loss < 2 * abs(modes.eval_loss) or (constant is not None and not gap < constant / 4)
    )
    weak = gap > 2 * hurt.course.noise and behind(training, hurt.course, modes.eval_loss, share=0.0)
    if not ((wide and not hurt.course.learned) or weak) or modes.eval_steps > 0:
        return None
    p = modes.max_dropout
    return Seen(
        summary=f"Dropout with p = {p:.2g} adds {p / max(1 - p, 1e-9):.2g} times the signal's power "
        "as noise; the same batch "
        f"scores {modes.train_loss:.3g} with it and {modes.eval_loss:.3g} without.",
        severity=0.9 if drowned else 0.6,
        confidence=0.9 if drowned else 0.8,
        evidence=(
            Evidence("largest dropout rate", p, HALF),
            Evidence("loss with dropout less loss without", gap, constant / 4 if constant else None),
        ),
    )
