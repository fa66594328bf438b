"""Put zeros in place of inputs that are not finite."""

import torch

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["fill_missing_inputs"]


@remedy("nonfinite-data")
def fill_missing_inputs(case: Case, finding: Finding) -> str | None:
    """X → x where it is finite, else 0."""
    if case.training.inputs is None or not case.training.inputs.nonfinite > 0:
        return None
    case.front = lambda x: torch.where(torch.isfinite(x), x, 0.0)
    return "zeros in place of non-finite inputs"
