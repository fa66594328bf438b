"""Give the optimizer back its class's own settings, all but the rate."""

import dataclasses
import inspect

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["default_settings"]

_KEPT = ("lr", "weight_decay", "maximize", "foreach", "fused", "capturable", "differentiable")
"""The rate, what is to be done, and how a step is computed, which changes no number."""


@remedy("unstable-optimizer-setting")
def default_settings(case: Case, finding: Finding) -> str | None:
    """Momentum, betas, eps and the rest from the constructor's defaults; the schedule is left out."""
    signature = inspect.signature(type(case.template).__init__)
    defaults = {
        name: p.default
        for name, p in signature.parameters.items()
        if p.default is not inspect.Parameter.empty and name not in _KEPT
    }
    changed = sorted({k for g in case.groups for k, v in defaults.items() if k in g.settings and g.settings[k] != v})
    decays = bool(case.loop.rates) and min(case.loop.rates) < 0.01 * max(case.loop.rates)
    if not changed and not decays:
        return None
    case.change_groups(lambda settings: {k: v for k, v in defaults.items() if k in settings})
    if decays:
        case.loop = dataclasses.replace(case.loop, rates=())
    names = [*changed, *(["no schedule of the rate"] if decays else [])]
    return f"the optimizer's defaults ({', '.join(names)})"
