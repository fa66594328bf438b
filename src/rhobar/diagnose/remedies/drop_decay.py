"""Take the optimizer's weight decay away."""

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["drop_decay"]


@remedy("excessive-regularization")
def drop_decay(case: Case, finding: Finding) -> str | None:
    """λ → 0 in every parameter group."""
    largest = max((float(g.settings.get("weight_decay") or 0.0) for g in case.groups), default=0.0)
    if largest == 0:
        return None
    case.change_groups(lambda settings: {"weight_decay": 0.0} if "weight_decay" in settings else {})
    return f"no weight decay in place of {largest:.2g}"
