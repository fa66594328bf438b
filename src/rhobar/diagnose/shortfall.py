"""Did the training fall short? What a simple model reaches, and whether the loss came near it.

The loss a probe of held-out accuracy a would score, if it gave probability a to its guess and shared the rest
evenly among K classes (the bound of Fano's inequality, reached by this very answer):

    L(a) = −a ln a − (1 − a) ln((1 − a)/(K − 1))

and for real targets, where the constant answer scores L₀, a probe of determination R² scores L₀(1 − R²).

Reference: Fano (1961), Transmission of information; Cover & Thomas (2006), eq. 2.140.
"""

import math

from rhobar.diagnose.progress import Progress
from rhobar.record import Training

__all__ = ["at_rest", "baseline_loss", "fano_loss", "fell_short", "judgeable", "uninformative"]

_CLASS_LOSSES = ("cross_entropy", "soft_cross_entropy", "nll", "bce", "bce_with_logits")


def fano_loss(accuracy: float, num_classes: int) -> float:
    """Cross-entropy in nats of the answer that is right with probability `accuracy` and says so.

    Example:
        >>> round(fano_loss(0.9, 10), 3), fano_loss(1.0, 10), round(fano_loss(0.5, 2), 3)
        (0.545, 0.0, 0.693)
    """
    a = min(max(accuracy, 1 / num_classes), 1.0)
    return sum(-p * math.log(p / n) for p, n in ((a, 1), (1 - a, num_classes - 1)) if p > 0)


def baseline_loss(training: Training) -> float | None:
    """The loss that the label probe stands for, its score less two standard errors; ``None`` if unknown."""
    probe, loss, targets = training.labels, training.loss, training.targets
    if probe is None or loss is None or targets is None or targets.constant_loss is None or loss.weighted:
        return None
    score = probe.score - 2 * probe.stderr
    if loss.kind == "mse":
        return targets.constant_loss * (1 - max(score, 0.0))
    if loss.kind in _CLASS_LOSSES and loss.reduction != "sum":
        num_classes = len(targets.distinct) or (targets.shape[1] if len(targets.shape) > 1 else 0)
        if num_classes >= 2:
            return min(targets.floor_loss + fano_loss(score, num_classes), targets.constant_loss)
    return None


def at_rest(training: Training, course: Progress) -> float:
    """The training loss at the end, without the noise of dropout and batch statistics where that is lower."""
    calm = training.modes.eval_loss
    return calm if calm is not None and calm < course.end else course.end


def uninformative(training: Training) -> bool:
    """Whether the label probe found nothing to learn."""
    return training.labels is not None and not training.labels.informative


def judgeable(training: Training) -> bool:
    """Whether a level loss says anything: not where each batch has one label (a GAN's two sides)."""
    return not (training.targets is not None and training.targets.constant_batches)


def fell_short(training: Training, course: Progress) -> bool:
    """Whether the training learned clearly less than it could: the harm without which nothing is reported.

    True for a non-finite or diverged loss. Otherwise the loss must explain less than half of what the
    constant answer leaves, and also miss what a simple probe reaches, where one was fitted. (Fano's bound credits a
    probe with little: a loss stuck at the constant answer's falls short of any probe that beats chance.) Several
    loss terms hide the constant answer: there, losing half of the start counts as learned. Where it is unknown,
    only a loss that did not fall counts.
    """
    if not math.isfinite(course.end):
        return True
    if not judgeable(training):
        return False
    if course.diverged:
        return True
    if course.explained is None:
        return course.stuck
    if training.loss is not None and training.loss.num_terms > 1 and course.fall >= 0.5:
        return False
    baseline = baseline_loss(training)
    behind = baseline is None or course.end > baseline + 2 * course.noise
    return not course.learned and (behind or (course.stuck and not uninformative(training)))
