"""Give the target the prediction's shape."""

import math

from torch import Tensor

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["match_shapes"]


@remedy("broadcast-loss")
def match_shapes(case: Case, finding: Finding) -> str | None:
    """Y → y.reshape(f.shape), in training and where the outcome is measured."""
    pairs = [(b.shape, b.call.target) for b in case.batches if b.call is not None and isinstance(b.call.target, Tensor)]
    if len(pairs) < len(case.batches) or any(y.numel() != math.prod(shape) for shape, y in pairs):
        return None
    rest = pairs[0][0][1:]
    case.targets = lambda y: y.reshape(y.shape[0], *rest)
    return "the target in the prediction's shape"
