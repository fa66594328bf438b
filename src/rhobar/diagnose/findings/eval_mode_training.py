"""Dropout and batch normalisation were in eval mode while the weights were trained.

## What it does
Counts the training forward passes with the whole model in eval mode, if the model has dropout or batch
normalisation.

## Why it harms
Dropout does nothing, so there is no regularisation; batch normalisation uses its running statistics, which
then never move from 0 and 1: nothing is normalised.

## Known false alarms
A backbone frozen in eval mode below a head that trains is usual; only the flag of the whole model counts.
Fine-tuning in eval mode with the statistics of a pretrained model is a method: a model that was trained or
loaded before is not accused.

## Threshold
Half of the passes: a loop sets the mode once, so the share is near 0 or near 1, or 1 − 1/epochs where
`model.eval()` of the first validation is never undone.

## Example
`model.eval()` in the validation function, `model.train()` before the epochs instead of in them.

## Remedy
`model.train()` at the start of every epoch.

## References
Ioffe & Szegedy (2015); Srivastava et al. (2014).
"""

from rhobar.diagnose.progress import progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["eval_mode_training"]

_SHARE = 0.5
_MIN_STEPS = 3


@rule(
    "eval-mode-training",
    kind="cause",
    why="In eval mode dropout is off and batch normalisation neither normalises by the batch nor learns "
    "its statistics.",
    remedy=Remedy("Switch back to train mode at the start of every epoch.", "model.train()"),
    explains=(
        "overfitting",
        "not-learning",
        "underfitting",
        "exploding-gradient",
        "vanishing-gradient",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "degenerate-batch-norm",
    ),
    references=("Ioffe & Szegedy (2015), Batch normalization", "Srivastava et al. (2014), Dropout"),
)
def eval_mode_training(training: Training, record: Record) -> Outcome:
    """Fire if most training passes ran in eval mode and the mode matters."""
    modes = training.modes
    if not (modes.has_dropout or modes.has_batch_norm):
        return None
    if modes.steps < _MIN_STEPS:
        return unchecked("eval-mode-training", f"only {modes.steps} training passes, {_MIN_STEPS} are needed")
    share = modes.eval_steps / modes.steps
    if share < _SHARE or any(p.moved_before for p in training.parameters):
        return None
    course = progress(training)
    harmed = course is not None and fell_short(training, course)
    layers = " and ".join(
        name for name, there in (("dropout", modes.has_dropout), ("batch normalisation", modes.has_batch_norm)) if there
    )
    return Seen(
        summary=f"{modes.eval_steps} of {modes.steps} training passes ran with the whole model in eval mode, "
        f"which switches off its {layers}.",
        severity=0.8 if harmed else 0.6,
        confidence=0.95,
        evidence=(Evidence("share of training passes in eval mode", share, _SHARE),),
    )
