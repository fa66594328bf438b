"""A diagnosis: findings with evidence, what was checked and what was not."""

from dataclasses import dataclass

__all__ = ["Diagnosis", "Evidence", "Finding", "NotChecked", "Remedy", "Trial"]


@dataclass(frozen=True)
class Evidence:
    """One measured number beside the number it was held against.

    Attributes:
        quantity: What was measured, in words.
        value: The measurement.
        threshold: The value at which the finding fires.
        unit: Its unit; empty for a pure number.
        stderr: Standard error, where the number is an estimate.
    """

    quantity: str
    value: float
    threshold: float | None = None
    unit: str = ""
    stderr: float | None = None


@dataclass(frozen=True)
class Remedy:
    """What to change, in words and as code."""

    text: str
    code: str = ""


@dataclass(frozen=True)
class Trial:
    """What became of the first steps when they were run again with one thing changed.

    Attributes:
        change: What was changed, in words that fit "with … and nothing else changed".
        quantity: What was measured at the end: ``loss`` (lower is better) or ``accuracy`` (higher is better).
        steps: Optimizer steps taken.
        seeds: Runs of each side, the same order of batches and random numbers on both.
        unchanged: Mean of the quantity without the change.
        unchanged_stderr: Its standard error over the seeds.
        changed: Mean with the change.
        changed_stderr: Its standard error.
        gain: Mean of the paired gains, positive where the change helps: of log(unchanged / changed) for positive
            losses, of the differences otherwise.
        gain_stderr: Its standard error.
        verdict: ``helps``, ``does not help`` or ``unclear``.
    """

    change: str
    quantity: str
    steps: int
    seeds: int
    unchanged: float
    unchanged_stderr: float
    changed: float
    changed_stderr: float
    gain: float
    gain_stderr: float
    verdict: str


@dataclass(frozen=True)
class Finding:
    """Something that is true of the run.

    Attributes:
        id: Its stable identifier, e.g. ``double-softmax``.
        kind: ``cause``, ``symptom`` or ``note``.
        severity: From 0 (cosmetic) to 1 (nothing can be learned).
        confidence: Probability that the finding is true, given the evidence.
        summary: One sentence with the numbers of this run.
        where: Modules, parameters or features concerned.
        evidence: The measurements.
        explains: Identifiers of the findings that this one explains here.
        why: The mechanism, in a sentence or two.
        remedy: What to change.
        references: Literature.
        trial: What its remedy did in a rerun, if that was asked for and possible.
    """

    id: str
    kind: str
    severity: float
    confidence: float
    summary: str
    where: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    explains: tuple[str, ...] = ()
    why: str = ""
    remedy: Remedy = Remedy("")
    references: tuple[str, ...] = ()
    trial: Trial | None = None


@dataclass(frozen=True)
class NotChecked:
    """A finding that could not be judged, and why."""

    id: str
    reason: str


@dataclass(frozen=True)
class Diagnosis:
    """Findings, ranked: causes first, each before the symptoms that it explains.

    Attributes:
        findings: Ranked findings; none but notes for a healthy training.
        checked: Identifiers of the findings that were judged.
        not_checked: Those that were not, with the reason.
        headline: One sentence that says it all.
        not_tried: Causes whose remedy was not put to the test although that was asked for, with the reason.
        trial_seconds: What the reruns took.
    """

    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    not_checked: tuple[NotChecked, ...]
    headline: str
    not_tried: tuple[NotChecked, ...] = ()
    trial_seconds: float = 0.0

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The findings that name something to change."""
        return tuple(f for f in self.findings if f.kind == "cause")

    @property
    def healthy(self) -> bool:
        """Whether neither a cause nor a symptom was found."""
        return all(f.kind == "note" for f in self.findings)
