"""What an experiment is: a claim with its source, and a run that holds it against a measurement."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from rhobar.experiments.checks import Check
from rhobar.probes.survey import Heat, Plot

__all__ = ["Experiment", "Result", "Setting"]

T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """How to run an experiment.

    Attributes:
        full: The large form; the small one takes seconds on two cores.
        broken: With the claim's assumption broken: the negative control, whose verdict must be ``fails``.
        seed: Of everything random.
    """

    full: bool = False
    broken: bool = False
    seed: int = 0

    def size(self, small: T, full: T) -> T:
        """Return what belongs to the form.

        Example:
            >>> Setting(full=True).size(10, 1000)
            1000
        """
        return full if self.full else small

    def generator(self, stream: int = 0) -> torch.Generator:
        """Return a generator of its own for each stream of random numbers."""
        return torch.Generator().manual_seed(1_000_003 * self.seed + stream)


@dataclass(frozen=True)
class Result:
    """What a run gave.

    Attributes:
        checks: Predictions held against measurements, the one that matters most first.
        figures: Pictures: predicted and measured in one.
        notes: What a reader should know: where the textbook is loose, what the number depends on.
    """

    checks: tuple[Check, ...]
    figures: tuple[Plot | Heat, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every check was passed."""
        return all(check.holds for check in self.checks)

    @property
    def verdict(self) -> str:
        """``holds`` or ``fails``."""
        return "holds" if self.holds else "fails"


@dataclass(frozen=True)
class Experiment:
    """One claim that can be run.

    Attributes:
        name: As in ``rhobar lab run NAME``; the name of its file with dashes.
        claim: The claim in one sentence, with its condition.
        source: Who showed it, where.
        textbook: Ids of the textbook that it carries.
        control: What is broken in the negative control, in a few words.
        run: The run.
        formulas: Dotted names of the functions in rhobar that it uses, such as ``rhobar.nn.neurons.novikoff_bound``.
        findings: Ids of findings whose mechanism it shows.
        exact: Why there is no larger form, where there is none: the claim is exact, and size means nothing to it.
    """

    name: str
    claim: str
    source: str
    textbook: tuple[str, ...]
    control: str
    run: Callable[[Setting], Result]
    formulas: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    exact: str = ""
