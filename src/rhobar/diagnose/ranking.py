"""From a record to a diagnosis: judge every rule, find what explains what, put first things first.

A finding is explained if a cause that was also found lists it among what it brings about. A cause that another,
at least as certain cause explains is one of its effects (a rate is too high *because* inputs are unscaled): it is
named under that cause and does not stand beside it. Causes are ordered by how much of what was seen they explain.
"""

import dataclasses
import math
from collections.abc import Iterable

from rhobar.diagnose import findings as _findings
from rhobar.diagnose.progress import progress
from rhobar.diagnose.rule import RULES, Rule, unchecked
from rhobar.record import Diagnosis, Finding, NotChecked, Record, Training

__all__ = ["Judged", "conclude", "diagnose_record", "judge", "rank", "weight"]

assert _findings  # importing the package registers the rules

_STEPLESS = frozenset({"no-optimizer-step", "accumulating-gradients", "unoptimized-parameters", "not-learning"})
"""Findings about steps, which an exam of a model at rest does not take."""


@dataclasses.dataclass(frozen=True)
class Judged:
    """What the rules said of a record, before it is ranked.

    Attributes:
        findings: Every finding, each once.
        trainings: The training that each finding was made in, by its identifier.
        checked: Identifiers of the findings that were judged.
        missing: Those that were not.
    """

    findings: tuple[Finding, ...]
    trainings: dict[str, Training]
    checked: tuple[str, ...]
    missing: tuple[NotChecked, ...]


def diagnose_record(record: Record, *, mute: frozenset[str] = frozenset(), at_rest: bool = False) -> Diagnosis:
    """Judge all rules on all trainings of the record, and rank what they find.

    Args:
        record: What was seen.
        mute: Identifiers to leave out.
        at_rest: The record comes from an exam that took no optimizer steps.
    """
    judged = judge(record, mute=mute, at_rest=at_rest)
    return conclude(record, judged, judged.findings)


def judge(record: Record, *, mute: frozenset[str] = frozenset(), at_rest: bool = False) -> Judged:
    """Judge all rules on all trainings of the record; arguments as for `diagnose_record`.

    Raises:
        ValueError: If `mute` names an unknown finding.
    """
    unknown = mute - set(RULES)
    if unknown:
        raise ValueError(f"mute must name findings such as {next(iter(RULES))!r}, got {', '.join(sorted(unknown))}.")
    found: dict[str, Finding] = {}
    where: dict[str, Training] = {}
    missing: dict[str, NotChecked] = {}
    checked: set[str] = set()
    for training in record.trainings:
        for rule in RULES.values():
            if rule.id in mute:
                missing[rule.id] = unchecked(rule.id, "muted")
                continue
            if at_rest and rule.id in _STEPLESS:
                missing[rule.id] = unchecked(rule.id, "a model at rest takes no steps")
                continue
            outcome = _judge(rule, training, record)
            if isinstance(outcome, NotChecked):
                missing.setdefault(rule.id, outcome)
                continue
            checked.add(rule.id)
            if outcome is not None:
                outcome = _named(outcome, training, record)
                known = found.get(rule.id)
                if known is None or weight(outcome) > weight(known):
                    found[rule.id], where[rule.id] = outcome, training
    unjudged = tuple(m for key, m in sorted(missing.items()) if key not in checked)
    return Judged(tuple(found.values()), where, tuple(sorted(checked)), unjudged)


def conclude(record: Record, judged: Judged, findings: Iterable[Finding]) -> Diagnosis:
    """Rank the findings, which may have learned from trials since they were judged, and say it in one sentence."""
    ranked = rank(list(findings))
    return Diagnosis(
        findings=tuple(ranked),
        checked=judged.checked,
        not_checked=judged.missing,
        headline=headline(record, ranked, len(judged.checked) - sum(f.kind == "note" for f in ranked)),
    )


def _judge(rule: Rule, training: Training, record: Record) -> Finding | NotChecked | None:
    """A rule that fails is a rule that was not checked."""
    try:
        return rule.judge(training, record)
    except Exception as error:
        return unchecked(rule.id, f"the check failed: {type(error).__name__}: {error}")


def _named(finding: Finding, training: Training, record: Record) -> Finding:
    """With several trainings in one run, say which one is meant."""
    if len({t.name for t in record.trainings}) < 2:
        return finding
    return dataclasses.replace(finding, summary=f"{training.name}: {finding.summary}")


def weight(finding: Finding) -> float:
    """How much a finding matters: severity × confidence."""
    return finding.severity * finding.confidence


def rank(found: list[Finding]) -> list[Finding]:
    """Order findings: causes by what they explain, symptoms after the causes, notes last."""
    causes = [f for f in found if f.kind == "cause"]
    kept = [f for f in causes if not any(_outranks(other, f) for other in causes)]
    ids = {f.id for f in found}
    kept = [dataclasses.replace(f, explains=tuple(sorted(RULES[f.id].explains & ids))) for f in kept]
    kept.sort(key=lambda f: (-_score(f, found), f.id))
    rest = [f for f in found if f.kind != "cause"]
    rest.sort(key=lambda f: (f.kind == "note", -weight(f), f.id))
    return kept + rest


def _outranks(other: Finding, finding: Finding) -> bool:
    """Whether `finding` is an effect of `other`."""
    if other.id == finding.id or finding.id not in RULES[other.id].explains:
        return False
    mutual = other.id in RULES[finding.id].explains
    if mutual:
        return (weight(other), other.id) > (weight(finding), finding.id)
    return other.confidence >= 0.8 * finding.confidence


def _score(finding: Finding, found: list[Finding]) -> float:
    """Weight of a cause, raised by the share of symptoms that it explains."""
    symptoms = [f for f in found if f.kind == "symptom"]
    share = sum(f.id in finding.explains for f in symptoms) / len(symptoms) if symptoms else 0.0
    return weight(finding) * (1 + 0.5 * share)


def headline(record: Record, ranked: list[Finding], num_checked: int) -> str:
    """One sentence that says it all."""
    if not record.trainings:
        return _no_training(record)
    first = next((f for f in ranked if f.kind != "note"), None)
    if first is not None and first.kind == "cause":
        others = sum(f.kind == "cause" for f in ranked) - 1
        more = f" ({others} more {'cause' if others == 1 else 'causes'} below)" if others else ""
        return first.summary + more
    if first is not None:
        return f"{first.summary} No cause for it was found among those checked."
    course = progress(max(record.trainings, key=lambda t: len(t.losses)))
    if course is None or not math.isfinite(course.end):
        return f"No finding: {num_checked} checks were silent."
    return (
        f"No finding: the loss went from {course.start:.3g} to {course.end:.3g} in {course.num_steps} steps, "
        f"and {num_checked} checks were silent."
    )


def _no_training(record: Record) -> str:
    if record.failure is not None:
        return f"No training was seen: the script ended with {record.failure.kind} before any backward pass."
    if record.forwards:
        return f"No training was seen: {record.forwards} forward passes of a model, but no backward pass."
    if record.environment:
        return "No training was seen: the script used torch, but no loss was differentiated."
    return "No training was seen: the script did not import torch."
