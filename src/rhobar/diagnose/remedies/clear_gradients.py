"""Clear the gradients before each step's first backward pass."""

import dataclasses

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["clear_gradients"]


@remedy("accumulating-gradients")
def clear_gradients(case: Case, finding: Finding) -> str | None:
    """optimizer.zero_grad()."""
    if case.loop.clear:
        return None
    case.loop = dataclasses.replace(case.loop, clear=True)
    return "gradients cleared before each step"
