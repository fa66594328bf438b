"""Which number of a finding belongs into which figure.

An evidence's own words decide: "training loss at the end" is a level of the loss curve, "backward gain"
one of the depth profile. Its threshold becomes a line only where it is a value of the axis itself, not of
a ratio.
"""

import math
import re

from rhobar.record import Diagnosis, Evidence, Finding, Record, Training
from rhobar.report.figures.figure import Instant, Level, Marks
from rhobar.report.wording import shorten

__all__ = ["belongs", "figures_of", "place"]

_WORDS = (
    ("gradient", re.compile(r"\bgradient norm|\bnorm of the gradient|‖g‖")),
    ("update", re.compile(r"update|movement|relative step")),
    ("activation", re.compile(r"\bdead\b|saturat|activation|always zero")),
    ("depth", re.compile(r"\bgains?\b|ρ|depth|first over last|layer to layer|initial weights")),
    ("rate", re.compile(r"^(the )?learning rate$")),
    ("loss", re.compile(r"\bloss(es)?\b|accuracy|learning rate")),
)
_FINDINGS = {
    "depth": "vanishing-gradient exploding-gradient badly-scaled-initialization rank-collapse unfit-activation",
    "activation": "dead-units saturated-units",
    "update": "no-optimizer-step unoptimized-parameters detached-parameters learning-rate-too-low",
    "gradient": "exploding-gradient clipping-always-active accumulating-gradients",
    "loss": "not-learning loss-spike overfitting underfitting nonfinite-values learning-rate-too-high "
    "gradient-ascent too-few-epochs",
}
_A_LEVEL = re.compile(
    r"((first|best|lowest reachable) )?((training|validation) )?loss( at the end| in (train|eval) mode)?"
    r"|loss after one more full step|(the )?(largest )?learning rate|(clipped )?gradient norm"
)
"""Quantities measured on the axis of the loss, the rate or the gradient norm itself; all others are ratios, shares,
differences or counts, whose thresholds have no place there."""


def figures_of(finding: Finding) -> tuple[str, ...]:
    """Return the figures in which a finding can be seen, the most telling first."""
    told = [_figure(item) for item in finding.evidence]
    usual = [figure for figure, ids in _FINDINGS.items() if finding.id in ids.split()]
    return tuple(dict.fromkeys("loss" if f == "rate" else f for f in [*told, *usual] if f))


def _figure(evidence: Evidence) -> str | None:
    words = evidence.quantity.lower()
    return next((figure for figure, pattern in _WORDS if pattern.search(words)), None)


def belongs(finding: Finding, training: Training, record: Record) -> bool:
    """Whether a finding speaks of this training: it names one of its parts, or there is no other."""
    if len(record.trainings) == 1:
        return True
    names = {training.name} | {p.name for p in training.parameters}
    for reading in (training.readings[:1] + training.readings[-1:])[:2]:
        names |= {layer.name for layer in reading.layers} | {p.name for p in reading.parameters}
    return any(
        place == name or name.startswith(f"{place}.") or place.startswith(f"{name}.")
        for place in finding.where
        for name in names
        if place and name
    )


def place(diagnosis: Diagnosis, training: Training, record: Record) -> dict[str, Marks]:
    """Collect what each figure of a training has to point at."""
    mine = [f for f in diagnosis.findings if f.kind != "note" and belongs(f, training, record)]
    mine.sort(key=lambda f: f.kind != "cause")
    instants: tuple[Instant, ...] = ()
    if first := training.nonfinite:
        where = f" in {shorten(first.where, 40)}" if first.where else ""
        label = f"first NaN or ∞, step {first.step:,}: {shorten(first.phase, 20)}{where}"
        instants = (Instant(first.step, label, "symptom"),)
    return {
        figure: Marks(_names(figure, mine, training), _levels(figure, mine), instants)
        for figure in ("depth", "loss", "rate", "gradient", "activation", "update")
    }


def _names(figure: str, findings: list[Finding], training: Training) -> dict[str, str]:
    """Collect the modules named by the findings that this figure can show; the depth profile shows all."""
    names: dict[str, str] = {}
    for finding in findings:
        if figure in figures_of(finding) or figure == "depth":
            for name in finding.where:
                names.setdefault(name, finding.kind)
    if training.nonfinite and figure in ("depth", "activation"):
        names.setdefault(training.nonfinite.where, "symptom")
    return names


def _levels(figure: str, findings: list[Finding]) -> tuple[Level, ...]:
    levels: dict[float, Level] = {}
    for finding in findings:
        for item in finding.evidence:
            threshold = item.threshold
            if threshold is None or not math.isfinite(threshold) or _figure(item) != figure:
                continue
            if figure in ("loss", "rate", "gradient") and not _A_LEVEL.fullmatch(item.quantity.lower()):
                continue
            if figure == "depth" and ("gain" not in item.quantity or "product" in item.quantity):
                continue
            levels.setdefault(threshold, Level(threshold, shorten(finding.id, 30), finding.kind, item.quantity))
    return tuple(levels.values())[:4]
