"""The order in which findings are told: each cause with what it explains beneath it, then the rest."""

from dataclasses import dataclass

from rhobar.record import Diagnosis, Finding

__all__ = ["Arrangement", "Told", "arrange"]

_KINDS = {"cause": 0, "symptom": 1, "note": 2}


@dataclass(frozen=True)
class Told:
    """A finding with its place in the story.

    Attributes:
        finding: The finding itself.
        explained: Findings told beneath it, because it brings them about.
        also: Identifiers that it explains too, but which are told beneath a finding ranked above it.
    """

    finding: Finding
    explained: tuple["Told", ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arrangement:
    """Everything a diagnosis has to tell, each finding once."""

    causes: tuple[Told, ...]
    symptoms: tuple[Told, ...]
    notes: tuple[Told, ...]


def arrange(diagnosis: Diagnosis) -> Arrangement:
    """Put every finding beneath the first one that explains it.

    A finding is only told beneath one of a stronger kind, or of its own kind and a higher rank; so two that
    claim to explain each other cannot hide one another.
    """
    findings = sorted(diagnosis.findings, key=_strength)
    parent: dict[int, int] = {}
    for child, finding in enumerate(findings):
        above = [i for i in range(child) if finding.id in findings[i].explains and findings[i].id != finding.id]
        if above:
            parent[child] = above[0]

    def tell(index: int) -> Told:
        finding = findings[index]
        below = [i for i, p in parent.items() if p == index]
        told = {findings[i].id for i in below}
        others = {findings[i].id for i in parent if parent[i] < index}
        also = tuple(name for name in dict.fromkeys(finding.explains) if name in others - told - {finding.id})
        return Told(finding, tuple(tell(i) for i in below), also)

    roots = [tell(i) for i in range(len(findings)) if i not in parent]
    return Arrangement(
        causes=tuple(t for t in roots if _strength(t.finding) == 0),
        symptoms=tuple(t for t in roots if _strength(t.finding) == 1),
        notes=tuple(t for t in roots if _strength(t.finding) == 2),
    )


def _strength(finding: Finding) -> int:
    return _KINDS.get(finding.kind, 2)
