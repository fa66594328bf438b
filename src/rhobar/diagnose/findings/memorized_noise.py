"""The training labels are known by heart, and they carry no signal.

## What it does
Fires when the training loss fell to a tenth of the constant answer's, while the label probe scores no better
than chance and the validation loss is no better than the constant answer either.

## Why it harms
A net large enough fits any labels; a training loss near 0 says nothing about them.

## Known false alarms
A relation that the simple probes cannot see (parity, a code) also leaves them at chance; the net's own
validation loss must therefore agree with them.

## Threshold
Training loss ≤ 0.1 of the constant answer's: nine tenths of the label entropy are stored in the weights.
Probe within two standard errors of chance. Validation loss ≥ 0.95 of the constant answer's, the margin of
not-learning.

## Example
`y = y[torch.randperm(len(y))]` without the same for x.

## Remedy
Check how inputs and labels are paired.

## References
Zhang et al. (2017), Understanding deep learning requires rethinking generalization.
"""

from rhobar.diagnose.progress import progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import uninformative
from rhobar.diagnose.validation import validation_evaluations
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["memorized_noise"]

_MEMORISED, _NO_BETTER = 0.1, 0.95


@rule(
    "memorized-noise",
    kind="symptom",
    why="A net with enough weights stores any labels, row by row; nothing of that holds for new rows.",
    remedy=Remedy("Check that inputs and labels are paired: shuffle both by the same permutation."),
    explains=("overfitting",),
    references=("Zhang et al. (2017), Understanding deep learning requires rethinking generalization",),
)
def memorized_noise(training: Training, record: Record) -> Outcome:
    """Fire if labels without signal were learned by heart."""
    course = progress(training)
    if course is None or course.constant is None:
        return unchecked("memorized-noise", "the loss of the constant answer is not known")
    if not course.end - course.floor <= _MEMORISED * (course.constant - course.floor):
        return None
    losses = [e.loss for e in validation_evaluations(training) if e.loss is not None]
    if training.labels is None or not losses:
        return unchecked("memorized-noise", "needs a label probe and a validation loss")
    best = min(losses)
    if not uninformative(training) or not best >= _NO_BETTER * course.constant:
        return None
    probe = training.labels
    return Seen(
        summary=f"The training loss fell to {course.end:.3g}, but the validation loss never got below "
        f"{best:.3g} (a constant "
        f"answer scores {course.constant:.3g}), and a {probe.probe} probe scores {probe.score:.1%}, chance "
        f"{probe.chance:.1%}.",
        severity=0.9,
        confidence=0.9,
        evidence=(
            Evidence("training loss at the end", course.end, _MEMORISED * course.constant),
            Evidence("best validation loss", best, _NO_BETTER * course.constant),
            Evidence("probe's held-out score", probe.score, probe.chance + 2 * probe.stderr, stderr=probe.stderr),
        ),
    )
