"""The evaluations of a training, sorted into validation and training data, and what is noise in their course.

The noise of a slowly bending curve v_1 … v_n is read from its second differences, in which every straight
line cancels: v_{i+1} − 2v_i + v_{i−1} has variance 6σ² for independent errors of variance σ². Their median
magnitude, times 1.4826/√6, estimates σ and is not moved by a few jumps. The smallest of n such values lies
about σ√(2 ln n) below the curve.

Reference: Gasser, Sroka & Jennen-Steinmetz (1986), Residual variance and residual pattern in nonlinear
regression.
"""

import math
from statistics import median

from rhobar.record import Evaluation, Training

__all__ = ["curve_noise", "minimum_bias", "training_evaluations", "validation_evaluations"]

_SAME_DATA = 0.9


def validation_evaluations(training: Training) -> list[Evaluation]:
    """Evaluations, in order, of the set evaluated most often among those that were not trained on."""
    apart = [e for e in training.evaluations if e.step > 0 and (e.overlap is None or e.overlap < 0.5)]
    sources = [e.source for e in apart]
    commonest = max(dict.fromkeys(sources), key=sources.count, default="")
    return [e for e in apart if e.source == commonest]


def training_evaluations(training: Training) -> list[Evaluation]:
    """Evaluations on rows that were trained on."""
    return [e for e in training.evaluations if e.step > 0 and e.overlap is not None and e.overlap >= _SAME_DATA]


def curve_noise(values: list[float]) -> float:
    """σ of the errors around a smooth curve; infinite with fewer than four values.

    Example:
        >>> curve_noise([1.0, 2.0, 3.0, 4.0]), round(curve_noise([0.0, 1.0, 0.0, 1.0]), 2)
        (0.0, 1.21)
    """
    if len(values) < 4:
        return math.inf
    bends = [abs(c - 2 * b + a) for a, b, c in zip(values, values[1:], values[2:], strict=False)]
    return 1.4826 * median(bends) / math.sqrt(6)


def minimum_bias(num_values: int) -> float:
    """√(2 ln n): by how many σ the smallest of n values is expected to lie too low."""
    return math.sqrt(2 * math.log(max(num_values, 1)))
