"""Step down the gradient, not up."""

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["descend"]


@remedy("gradient-ascent")
def descend(case: Case, finding: Finding) -> str | None:
    """maximize=False."""
    if not any(group.settings.get("maximize") for group in case.groups):
        return None
    case.change_groups(lambda settings: {"maximize": False})
    return "the loss minimised, not maximised"
