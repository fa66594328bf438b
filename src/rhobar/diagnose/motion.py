"""How far the weights move: per step beside their own size, and over the whole training.

    u_t = rms(Δθ_t) / rms(θ_t)            relative update of one matrix at one step
    m   = ‖θ_T − θ_0‖ / ‖θ_0‖             relative movement of one matrix over the training;  m ≤ Σ_t u_t

Only matrices and kernels count: biases and gains often start at 0, where a ratio says nothing.
"""

import math
from statistics import median

from rhobar.record import Reading, Training

__all__ = ["matrix_movements", "matrix_names", "path_bound", "typical", "update_ratio", "update_ratios"]


def matrix_names(training: Training) -> frozenset[str]:
    """Names of the trainable, held parameters with at least two axes."""
    return frozenset(p.name for p in training.parameters if len(p.shape) >= 2 and p.trainable and p.held)


def update_ratio(training: Training, reading: Reading) -> float | None:
    """Median over the matrices of u_t at one reading; ``None`` if no update was seen."""
    names = matrix_names(training)
    ratios = [
        ratio for p in reading.parameters if p.name in names and p.weight != 0 and (ratio := p.update_ratio) is not None
    ]
    return typical(ratios)


def update_ratios(training: Training) -> list[float]:
    """u_t at every reading that saw an update, in order."""
    seen = (update_ratio(training, reading) for reading in training.readings)
    return [ratio for ratio in seen if ratio is not None]


def matrix_movements(training: Training) -> list[float]:
    """M of every matrix whose movement was measured and that did not start at zero."""
    names = matrix_names(training)
    found = [p.movement for p in training.parameters if p.name in names and p.movement is not None]
    return [m for m in found if not math.isinf(m)]


def path_bound(training: Training) -> float | None:
    """Σ_t u_t, estimated as steps × median u_t: no matrix can have moved farther than this."""
    middle = typical(update_ratios(training))
    return None if middle is None else middle * training.num_steps


def typical(values: list[float]) -> float | None:
    """Median of the values; NaN if one of them is, ``None`` if there are none."""
    if not values:
        return None
    return math.nan if any(map(math.isnan, values)) else median(values)
