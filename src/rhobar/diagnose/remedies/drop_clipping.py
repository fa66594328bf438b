"""Step with the gradient as it is."""

import dataclasses

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["drop_clipping"]


@remedy("clipping-always-active")
def drop_clipping(case: Case, finding: Finding) -> str | None:
    """No clipping of the norm."""
    if case.loop.clip is None:
        return None
    case.loop = dataclasses.replace(case.loop, clip=None)
    return "gradients no longer clipped"
