"""What is tried where the diagnosis names no cause, or its remedies do not help: what a practitioner turns first.

Each is a change of a case, as the remedies of findings are; those that change nothing return ``None``.
"""

import dataclasses
from collections.abc import Callable

import torch

from rhobar.diagnose.remedies.default_settings import default_settings
from rhobar.diagnose.remedies.drop_clipping import drop_clipping
from rhobar.diagnose.remedies.drop_decay import drop_decay
from rhobar.diagnose.remedies.lower_dropout import lower_dropout
from rhobar.diagnose.remedies.redraw_weights import redraw_weights
from rhobar.diagnose.remedies.shuffle import shuffle
from rhobar.diagnose.remedies.standardize_inputs import standardize_inputs
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding
from rhobar.watch.start import GroupStart

__all__ = ["FALLBACKS"]

_NOBODY = Finding("", "cause", 0.0, 0.0, "")
"""Remedies are told the finding that asks for them; here none does."""


def _rate(factor: float) -> Callable[[Case], str | None]:
    def change(case: Case) -> str | None:
        rate = case.scale_rate(factor)
        return None if rate is None else f"a learning rate {factor:g} times as large ({rate:.2g})"

    return change


def _adam(case: Case) -> str | None:
    """Adam with its defaults over the same parameters."""
    if isinstance(case.template, torch.optim.Adam | torch.optim.AdamW):
        return None
    old, parameters = type(case.template).__name__, dict(case.model.named_parameters())
    names = tuple(name for group in case.groups for name in group.names)
    case.template = torch.optim.Adam([parameters[name] for name in names], lr=1e-3)
    settings = {k: v for k, v in case.template.param_groups[0].items() if k != "params"}
    case.groups = [GroupStart(settings, names)]
    case.loop = dataclasses.replace(case.loop, rates=())
    return f"Adam with its defaults in place of {old}"


FALLBACKS: tuple[Callable[[Case], str | None], ...] = (
    _rate(0.1),
    _rate(10.0),
    _adam,
    lambda case: standardize_inputs(case, _NOBODY),
    lambda case: redraw_weights(case, _NOBODY),
    lambda case: lower_dropout(case, _NOBODY),
    lambda case: drop_decay(case, _NOBODY),
    lambda case: drop_clipping(case, _NOBODY),
    lambda case: default_settings(case, _NOBODY),
    lambda case: shuffle(case, _NOBODY),
    _rate(0.01),
    _rate(100.0),
)
"""In the order in which they are tried."""
