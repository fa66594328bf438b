"""Standardise the inputs, feature by feature: x → (x − μ) / σ."""

import torch
from torch import Tensor

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding
from rhobar.watch.exam_state import KeptBatch

__all__ = ["standardize_inputs"]


@remedy("unscaled-inputs")
def standardize_inputs(case: Case, finding: Finding) -> str | None:
    """With μ and σ of the batches that were kept: of each column, or of each channel where channels come second."""
    rows = [x for batch in case.batches if (x := _first(batch)) is not None]
    if len(rows) < len(case.batches) or len({x.shape[1:] for x in rows}) != 1:
        return None
    x = torch.cat(rows).double()
    features = case.training.inputs.num_features if case.training.inputs is not None else 0
    axis = -1 if x.ndim == 2 or (x.shape[-1] == features and x.shape[1] != features) else 1
    axes = tuple(i for i in range(x.ndim) if i != axis % x.ndim)
    mean = x.mean(axes, keepdim=True).to(rows[0].dtype)
    std = x.std(axes, keepdim=True, correction=0).to(rows[0].dtype)
    std = torch.where(std > 0, std, 1.0)
    case.front = lambda x: (x - mean) / std
    return "the inputs standardised"


def _first(batch: KeptBatch) -> Tensor | None:
    """The first floating-point input with at least two axes."""
    given = next(
        (v for v in (*batch.args, *batch.kwargs.values()) if isinstance(v, Tensor) and v.is_floating_point()), None
    )
    return given if given is not None and given.ndim >= 2 else None
