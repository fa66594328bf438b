"""A rule: the check behind one finding, with the text that goes with it.

One rule, one file under ``findings/``; the file's docstring is the rule's page in the documentation.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from rhobar.record import Evidence, Finding, NotChecked, Record, Remedy, Training

__all__ = ["RULES", "Check", "Outcome", "Rule", "Seen", "rule", "unchecked"]


@dataclass(frozen=True)
class Seen:
    """What a check returns when its finding is true: the part of a `Finding` that depends on the run."""

    summary: str
    severity: float
    confidence: float
    evidence: tuple[Evidence, ...]
    where: tuple[str, ...] = ()
    remedy: Remedy | None = None


Outcome = Seen | NotChecked | None
Check = Callable[[Training, Record], Outcome]


@dataclass(frozen=True)
class Rule:
    """One finding: identifier, kind, mechanism, remedy, and the check that decides it.

    Attributes:
        id: Stable identifier, as in docs/findings.md.
        kind: ``cause``, ``symptom`` or ``note``.
        why: The mechanism in a sentence or two.
        remedy: The standard remedy; a check may give one that fits the run better.
        explains: Findings, symptoms as well as causes, that this one brings about when both are true.
        references: Literature.
        check: Training and record in, outcome out.
        doc: The page of this finding.
    """

    id: str
    kind: str
    why: str
    remedy: Remedy
    explains: frozenset[str] = field(repr=False)
    references: tuple[str, ...] = field(repr=False)
    check: Check = field(repr=False)
    doc: str = field(repr=False)

    def judge(self, training: Training, record: Record) -> Finding | NotChecked | None:
        """Run the check and complete its outcome to a finding."""
        seen = self.check(training, record)
        if seen is None or isinstance(seen, NotChecked):
            return seen
        return Finding(
            id=self.id,
            kind=self.kind,
            severity=seen.severity,
            confidence=seen.confidence,
            summary=seen.summary,
            where=seen.where,
            evidence=seen.evidence,
            why=self.why,
            remedy=seen.remedy or self.remedy,
            references=self.references,
        )


RULES: dict[str, Rule] = {}


def rule(
    id: str,
    *,
    kind: str,
    why: str,
    remedy: Remedy,
    explains: tuple[str, ...] = (),
    references: tuple[str, ...] = (),
) -> Callable[[Check], Check]:
    """Register the decorated check under `id`."""

    def register(check: Check) -> Check:
        doc = sys.modules[check.__module__].__doc__ or ""
        RULES[id] = Rule(id, kind, why, remedy, frozenset(explains), references, check, doc)
        return check

    return register


def unchecked(id: str, reason: str) -> NotChecked:
    """Say that the finding `id` could not be judged."""
    return NotChecked(id, reason)
