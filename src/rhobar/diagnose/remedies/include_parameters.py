"""Train the parameters that the optimizer does not hold."""

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding
from rhobar.watch.start import GroupStart

__all__ = ["include_parameters"]


@remedy("unoptimized-parameters")
def include_parameters(case: Case, finding: Finding) -> str | None:
    """Unfreeze what the finding names, and put what no group holds into the first one."""
    named = dict(case.model.named_parameters())
    wanted = [name for name in named if name in finding.where]
    if not wanted or not case.groups:
        return None
    held = {name for group in case.groups for name in group.names}
    for name in wanted:
        named[name].requires_grad_(True)
    first, *rest = case.groups
    case.groups = [GroupStart(first.settings, (*first.names, *(n for n in wanted if n not in held))), *rest]
    return f"{len(wanted)} more parameters trained"
