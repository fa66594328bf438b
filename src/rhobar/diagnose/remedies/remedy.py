"""A remedy: the change behind a finding, made to a case.

One remedy, one file. It receives a case that is its own and the finding, changes the case, and returns what it did in
words that fit "with … and nothing else changed"; or `None` if it does not apply to this network.
"""

from collections.abc import Callable

from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["REMEDIES", "Apply", "remedy"]

Apply = Callable[[Case, Finding], str | None]

REMEDIES: dict[str, list[Apply]] = {}
"""By finding; the first that applies is tried."""


def remedy(*findings: str) -> Callable[[Apply], Apply]:
    """Register a remedy for findings."""

    def register(apply: Apply) -> Apply:
        for finding in findings:
            REMEDIES.setdefault(finding, []).append(apply)
        return apply

    return register
