"""The fault laboratory: programs with known faults, and how often the diagnosis is right about them.

A program is composed of a data set, an architecture and a style of script, each a source template with slots; a fault
fills some slots differently. `programs` makes them, `investigate` runs them as ``rhobar run`` does, `score` counts.
"""

from rhobar.faults.base import Base, bases
from rhobar.faults.catalogue import FAULTS, Fault
from rhobar.faults.laboratory import Outcome, Report, investigate
from rhobar.faults.program import Program, programs
from rhobar.faults.score import Verdict, score

__all__ = [
    "FAULTS",
    "Base",
    "Fault",
    "Outcome",
    "Program",
    "Report",
    "Verdict",
    "bases",
    "investigate",
    "programs",
    "score",
]
