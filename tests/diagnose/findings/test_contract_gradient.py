"""What holds for every rule about gradients, optimisation and generalisation."""

import dataclasses
import math

import pytest
from tests.diagnose import records as r

import rhobar.diagnose.findings  # noqa: F401  registers the rules
from rhobar.diagnose.rule import RULES
from rhobar.record import Finding, Training

IDS = (
    "vanishing-gradient",
    "exploding-gradient",
    "dead-units",
    "saturated-units",
    "nonfinite-values",
    "detached-parameters",
    "unoptimized-parameters",
    "accumulating-gradients",
    "no-optimizer-step",
    "gradient-ascent",
    "learning-rate-too-high",
    "learning-rate-too-low",
    "unstable-optimizer-setting",
    "clipping-always-active",
    "too-few-epochs",
    "eval-mode-training",
    "train-mode-evaluation",
    "overfitting",
    "memorized-noise",
    "underfitting",
    "not-learning",
    "loss-spike",
)
HEADINGS = (
    "What it does",
    "Why it harms",
    "Known false alarms",
    "Threshold",
    "Example",
    "Remedy",
    "References",
)


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize("headings", [HEADINGS])
def test_the_page_is_complete(id, headings):
    positions = [RULES[id].doc.index(f"## {heading}") for heading in headings]
    assert positions == sorted(positions)
    assert RULES[id].why and RULES[id].remedy.text and RULES[id].references


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize("healthy", [r.training(), Training("empty"), r.training(readings=[], parameters=())])
def test_healthy_and_empty_records_are_silent(id, healthy):
    assert not isinstance(r.judge(id, healthy), Finding)


def test_nan_fails():
    """A training whose every number is NaN is reported as such, and no rule breaks on it."""

    def nan(case):
        fields = {f.name: getattr(case, f.name) for f in dataclasses.fields(case)}
        return dataclasses.replace(case, **{k: math.nan for k, v in fields.items() if isinstance(v, float)})

    read = [
        dataclasses.replace(nan(x), layers=tuple(map(nan, x.layers)), parameters=tuple(map(nan, x.parameters)))
        for x in r.readings()
    ]
    sick = r.training(
        losses=[math.nan] * r.STEPS, readings=read, parameters=tuple(nan(r.parameter(i)) for i in range(3))
    )
    found = {id for id in IDS if isinstance(r.judge(id, sick), Finding)}
    assert found == {"nonfinite-values", "not-learning"}


def test_no_two_causes_explain_each_other():
    for a in IDS:
        assert a not in RULES[a].explains
        assert not any(a in RULES[b].explains for b in RULES[a].explains if b in RULES)
