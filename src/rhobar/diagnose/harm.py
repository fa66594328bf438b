"""Measured harm: how much worse a training went than its own data allow.

Rules about scales fire on a cause only where the run was hurt by it. Three measurements say so: the loss
at the end beside what a simple probe attains on the same data, the first loss beside the best constant
answer's, and the share of the run that went by before the loss first fell below that answer's.
"""

import math
from dataclasses import dataclass
from statistics import fmean

from rhobar.diagnose.progress import Progress, progress
from rhobar.diagnose.shortfall import at_rest, baseline_loss, judgeable
from rhobar.record import FurtherFit, LabelProbe, Training

__all__ = ["CLIMB", "LEARNED", "Harm", "attainable", "behind", "harm", "left_undone", "outscored"]

LEARNED = 0.9
"""Of the task: a training that explains as much leaves little to be wished for."""
CLIMB = 0.1
"""Share of the run above the constant answer's loss from which a climb is called long.

In blocks of a hundredth, a net whose loss merely scatters around that answer stays above it ten blocks in a
row with probability 2⁻¹⁰."""


@dataclass(frozen=True)
class Harm:
    """What a training lost.

    Attributes:
        course: The course of its loss.
        explained: Share of the constant answer's loss that is gone at the end, ``None`` if unknown.
        attainable: The share that a simple probe removes, ``None`` without a probe.
        excess: First loss / constant answer's loss, ``None`` if unknown.
        climb: Share of the run before the loss first fell below the constant answer's; 1 if it never did.
        level_unknown: Whether the level of the loss says nothing: batches of one label each (a GAN's two
            sides), or several loss terms that lost half of their start.
    """

    course: Progress
    explained: float | None
    attainable: float | None
    excess: float | None
    climb: float | None
    level_unknown: bool = False
    beaten: bool = False
    """Whether a simple model of standardised inputs does better on rows it has not seen than the network on its own:
    by a tenth of the constant answer's loss and twice the noise of the network's, or by a tenth more right answers."""

    @property
    def falls_short(self) -> bool:
        """Not finite, diverged, no better than a constant, or less than half of what a simple probe attains.

        The factor two leaves room for dropout, regularisation and the noise of the last batches. Without a
        probe only a training that is stuck or diverged falls short. A probe at chance says nothing.
        """
        if not self.course.finite:
            return True
        if self.level_unknown:
            return False
        if self.course.diverged:
            return True
        if self.attainable is None or self.explained is None:
            return self.course.stuck
        return self.attainable > 0.05 and not self.explained >= self.attainable / 2

    @property
    def long_climb(self) -> bool:
        """Whether a long part of the run went into reaching what a constant would have scored at once."""
        return (
            not self.level_unknown and self.climb is not None and self.course.num_steps >= 20 and not self.climb < CLIMB
        )


def attainable(probe: LabelProbe, training: Training) -> float | None:
    """Share of the constant answer's loss that the probe, two standard errors below its score, takes away.

    R² for the squared loss; 1 − √(1 − R²) for losses linear in the residual, whose size shrinks by that root;
    for classes 1 − L(accuracy)/constant with Fano's L (`rhobar.diagnose.shortfall`).
    """
    targets, loss = training.targets, training.loss
    if targets is None or loss is None or not math.isfinite(probe.score):
        return None
    if loss.kind in ("l1", "huber"):
        return 1 - math.sqrt(1 - min(max(probe.score - 2 * probe.stderr, 0.0), 1.0))
    baseline = baseline_loss(training)
    if baseline is None or not targets.constant_loss:
        return None
    return max(0.0, (targets.constant_loss - baseline) / (targets.constant_loss - targets.floor_loss))


def harm(training: Training) -> Harm | None:
    """Measure the harm of a training; ``None`` if it has no losses."""
    course = progress(training)
    if course is None:
        return None
    constant = course.constant if course.constant is not None and course.constant > 1e-12 else None
    return Harm(
        course=course,
        explained=course.explained,
        attainable=attainable(training.labels, training) if training.labels else None,
        excess=course.start / constant if constant else None,
        climb=_climb(training.losses, constant) if constant else None,
        level_unknown=not judgeable(training)
        or (training.loss is not None and training.loss.num_terms > 1 and course.fall >= 0.5),
        beaten=behind(training, course, at_rest(training, course)) or outscored(training),
    )


def behind(training: Training, course: Progress, loss: float | None, *, share: float = 0.1) -> bool:
    """Whether a loss on training rows is worse than a simple probe's on rows that the probe has not seen.

    Args:
        training: The training.
        course: Its course.
        loss: The loss in question; unknown is not behind.
        share: Of the constant answer's loss, by which it must be worse, besides twice the noise of the course.
    """
    baseline, several = baseline_loss(training), training.loss is not None and training.loss.num_terms > 1
    if loss is None or baseline is None or course.constant is None or several or not judgeable(training):
        return False
    return loss > baseline + share * course.constant + 2 * course.noise


def outscored(training: Training, *, share: float = 0.1) -> bool:
    """Whether a simple probe is right on unseen rows clearly more often than the network on rows it was trained on.

    By `share` of all rows, besides two standard errors of either score. The loss of a probe that is right in four of
    ten cases is known only as a bound that is hardly below the constant answer's; its score is known.
    """
    probe, answers = training.labels, training.answers
    if probe is None or answers is None or not probe.informative or not judgeable(training) or not answers.num_rows:
        return False
    stderr = math.sqrt(max(answers.accuracy * (1 - answers.accuracy), 0.01) / answers.num_rows)
    return probe.score - 2 * probe.stderr > answers.accuracy + 2 * stderr + share


def left_undone(training: Training, *, share: float = 0.1) -> FurtherFit | None:
    """What further steps of a copy brought, if that is a good part of the task.

    More than `share` of the constant answer's loss, and three standard errors, on rows that these steps left alone.
    """
    further, constant = training.further, training.targets.constant_loss if training.targets else None
    if further is None or constant is None or not judgeable(training):
        return None
    return further if further.gain > max(share * constant, 3 * further.stderr) else None


def _climb(losses: list[float], constant: float) -> float:
    block = max(1, len(losses) // 100)
    for i in range(0, len(losses), block):
        if fmean(losses[i : i + block]) < constant:
            return i / len(losses)
    return 1.0
