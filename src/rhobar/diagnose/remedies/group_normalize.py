"""Normalise over the channels of one sample in place of those of a batch."""

import math
from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["group_normalize"]


@remedy("degenerate-batch-norm")
def group_normalize(case: Case, finding: Finding) -> str | None:
    """Group normalisation with the same scale and shift, in groups of about 16 channels."""
    if not case.training.modes.has_batch_norm:
        return None

    def replace(index: int, function: Callable[..., Any], x: Tensor, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        weight = args[2] if len(args) > 2 else kwargs.get("weight")
        bias = args[3] if len(args) > 3 else kwargs.get("bias")
        return F.group_norm(x, math.gcd(x.shape[1], max(1, x.shape[1] // 16)), weight, bias)

    case.rewrite("batch_norm", replace)
    return "group normalisation in place of batch normalisation"
