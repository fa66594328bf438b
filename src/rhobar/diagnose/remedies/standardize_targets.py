"""Train on standardised targets: y → (y − μ) / σ, predictions → σ f + μ."""

import torch
from torch import Tensor

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["standardize_targets"]


@remedy("unscaled-targets")
def standardize_targets(case: Case, finding: Finding) -> str | None:
    """With μ and σ of the batches that were kept; the outcome is measured in the targets' own units."""
    found = [b.call.target for b in case.batches if b.call is not None and isinstance(b.call.target, Tensor)]
    if len(found) < len(case.batches) or not found or not found[0].is_floating_point():
        return None
    wide = found[0].ndim > 1 and len({y.shape[1:] for y in found}) == 1
    y = torch.cat([y if wide else y.reshape(-1) for y in found]).double()
    axes = (0,)
    mean, std = y.mean(axes).to(found[0].dtype), y.std(axes, correction=0).to(found[0].dtype)
    std = torch.where(std > 0, std, 1.0)
    case.targets = lambda y: (y - mean) / std
    case.restore = lambda f: std * f + mean
    return "the targets standardised"
