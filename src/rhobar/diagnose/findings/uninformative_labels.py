"""Labels that nothing predicts from the inputs.

## What it does
Takes the best of several simple probes (linear, neighbours) fitted to the run's own rows and scored on
held-out ones. Fires when it is at chance and the network itself shows no generalisation either: neither
in an evaluation nor in its first pass over the data, whose losses are held out by nature.

## Why it harms
Where inputs say nothing about labels, training can only memorise: the training loss may fall, no other
will.

## Threshold
Under the null (no information) the score exceeds chance by less than two standard errors with probability
0.977. Where one class is nearly everything an accuracy cannot exceed chance; there the mean recall over the
classes speaks, the best of three probes, held to three standard errors above 1/K. The network has
generalised if its accuracy is two standard errors above chance or its held-out loss is 5 % below the constant
answer's: then the finding stays silent, whatever the probes say. The test must have power: with two standard
errors above a quarter of the way from chance to certainty nothing is said.

## Known false alarms
A relation no simple probe sees and a network that failed to learn it for another reason; hence the lower
confidence of a network that is merely stuck.

## Example
`x[torch.randperm(n)], y[torch.randperm(n)]`

## Remedy
Follow one sample through the pipeline; shuffle inputs and labels with the same permutation.

## References
Zhang, Bengio, Hardt, Recht, Vinyals (2017), Understanding deep learning requires rethinking generalization.
"""

import math
from statistics import fmean, median, stdev

from rhobar.diagnose.progress import MIN_STEPS, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evaluation, Evidence, LabelProbe, Record, Remedy, Training

__all__ = ["uninformative_labels"]


@rule(
    "uninformative-labels",
    kind="cause",
    why="Inputs and labels do not belong together: what is left to the network is to memorise or to answer a constant.",
    remedy=Remedy(
        "Check the label pipeline: index inputs and labels with one and the same permutation.",
        "order = torch.randperm(len(x))\nx, y = x[order], y[order]",
    ),
    explains=(
        "memorized-noise",
        "overfitting",
        "not-learning",
        "underfitting",
        "too-little-capacity",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "miscalibration",
        "too-few-epochs",
        "train-validation-shift",
        "class-imbalance",
        "dead-units",
        "vanishing-gradient",
        "excessive-regularization",
        "excessive-dropout",
        "batch-size-misfit",
        "rank-collapse",
        "saturated-units",
        "exploding-gradient",
        "sharp-minimum",
    ),
    references=("Zhang et al. (2017), Understanding deep learning requires rethinking generalization",),
)
def uninformative_labels(training: Training, record: Record) -> Outcome:
    """Fire if neither probes nor the network predict held-out labels."""
    probe, course = training.labels, progress(training)
    if probe is None or course is None or course.num_steps < MIN_STEPS:
        return unchecked("uninformative-labels", "no probe could be fitted to inputs and labels")
    if training.targets is not None and training.targets.constant_batches:
        return None
    gain = probe.score - probe.chance
    if probe.informative:
        return None
    if not _telling(probe):
        return unchecked("uninformative-labels", f"{probe.num_rows} rows are too few to tell labels from chance")
    if not course.finite or _generalises(training, probe):
        return None
    held_out = [e for e in training.evaluations if _held_out(e)]
    memorised = course.explained is not None and course.explained >= 0.5
    confidence = 0.95 if memorised else 0.85 if held_out else 0.6
    return Seen(
        summary=f"The best of the simple probes ({probe.probe}) scores {probe.score:.3f} ± "
        f"{probe.stderr:.3f} on held-out "
        f"rows where a constant scores {probe.chance:.3f}, and the network does no better on rows "
        "it has not seen.",
        severity=0.95,
        confidence=confidence,
        evidence=(
            Evidence("probe score above chance", gain, 2 * probe.stderr, "", probe.stderr),
            Evidence("training loss at the end", course.end, course.constant, "", course.noise),
        ),
    )


def _telling(probe: LabelProbe) -> bool:
    """Whether the rows suffice: a quarter of the way from chance to perfect is two standard errors."""
    if not 2 * probe.stderr <= (1 - probe.chance) / 4:
        return False
    if probe.recall is None or probe.recall_stderr is None or not probe.num_classes:
        return True
    return 3 * probe.recall_stderr <= (1 - 1 / probe.num_classes) / 4


def _held_out(evaluation: Evaluation) -> bool:
    return evaluation.overlap is None or evaluation.overlap < 0.5


def _generalises(training: Training, probe: LabelProbe) -> bool:
    constant = training.targets.constant_loss if training.targets else None
    later = [e for e in training.evaluations if _held_out(e)]
    later = later[len(later) // 2 :]
    scores = [e.accuracy for e in later if e.accuracy is not None]
    if scores:
        rows = max(e.num_rows for e in later)
        stderr = math.sqrt(max(probe.chance * (1 - probe.chance), 1e-4) / max(rows, 1))
        if median(scores) > probe.chance + 2 * math.hypot(stderr, probe.stderr):
            return True
    if constant is None or constant <= 0:
        course = progress(training)
        return course is not None and not course.stuck  # what chance would score is not known
    # Rows not trained on cannot have lost more than all rows have: v ≥ (1 − overlap) · their own mean loss.
    seen = [e for e in training.evaluations if e.loss is not None and (e.overlap or 0.0) < 1]
    bounds = [(e.loss or 0.0) / (1 - (e.overlap or 0.0)) for e in seen[len(seen) // 2 :]]
    if bounds and median(bounds) < 0.95 * constant:
        return True
    first = training.losses[: training.epoch_length or len(training.losses)]
    ending = first[-max(1, len(first) // 4) :]
    stderr = stdev(first) / math.sqrt(len(ending)) if len(first) > 1 else 0.0
    return fmean(ending) + 2 * stderr < 0.95 * constant
