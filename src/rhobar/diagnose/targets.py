"""What targets look like: class labels, one per row, or real values."""

import math

from rhobar.record import LossFacts, TargetFacts

__all__ = ["CLASS_LOSSES", "REGRESSION", "index_targets", "num_classes", "one_per_row", "steps_of_scale"]

REGRESSION = ("mse", "l1", "huber")
CLASS_LOSSES = ("cross_entropy", "nll")


def num_classes(loss: LossFacts) -> int | None:
    """K of a class loss: the second axis of the prediction, or its only one."""
    if len(loss.output_shape) >= 2:
        return loss.output_shape[1]
    return loss.output_shape[0] if loss.output_shape else None


def index_targets(loss: LossFacts, targets: TargetFacts) -> bool:
    """Whether the targets of a class loss are class indices rather than probabilities."""
    shape = loss.target_shape if loss.target_shape is not None else targets.shape
    return targets.integral and len(shape) == max(len(loss.output_shape) - 1, 0)


def one_per_row(targets: TargetFacts) -> bool:
    """Whether each row has one target: shape (n,) or (n, 1)."""
    return math.prod(targets.shape[1:]) == 1 and len(targets.shape) >= 1


def steps_of_scale(targets: TargetFacts, *, most: int = 20) -> int | None:
    """K if the values are K ≥ 3 evenly spaced steps from 0 with none left out, as (scaled) class indices are.

    Example:
        >>> steps_of_scale(TargetFacts(6, (6,), "float32", distinct=(0.0, 0.5, 1.0)))
        3
    """
    values = sorted(targets.distinct)
    if not 3 <= len(values) <= most or values[0] != 0 or not all(map(math.isfinite, values)):
        return None
    step = values[-1] / (len(values) - 1)
    even = all(abs(v - i * step) <= 1e-3 * step for i, v in enumerate(values))
    return len(values) if even else None
