"""What a fault is: a transformation of a draft that leaves everything else as it was."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rhobar.faults.draft import Draft

__all__ = ["Fault", "Severity", "always"]

Severity = Literal["mild", "severe"]


def always(draft: Draft) -> bool:
    """Fits every program."""
    return bool(draft.slots)


@dataclass(frozen=True)
class Fault:
    """One way to make a program sick.

    Attributes:
        cause: Identifier in the catalogue of findings.
        variant: Which of the ways that lead to this cause.
        severity: ``mild`` or ``severe``; a fault that is there or not is severe.
        change: Healthy parts ↦ sick parts.
        fits: Whether a program has the place where the fault belongs.
        also: Other identifiers that are equally right, because they name the same line.
        fatal: Whether it hides every other fault (no finite number, no step, no run).
        flatters: Whether it harms by a score that is too good.
    """

    cause: str
    variant: str
    severity: Severity
    change: Callable[[Draft], Draft]
    fits: Callable[[Draft], bool] = always
    also: tuple[str, ...] = ()
    fatal: bool = False
    flatters: bool = False

    @property
    def name(self) -> str:
        """``cause.variant.severity``."""
        return f"{self.cause}.{self.variant}.{self.severity}"
