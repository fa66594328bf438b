"""The styles of script of the laboratory; a new one adds a row."""

from rhobar.faults.styles.classes import MIXED, TRAINER
from rhobar.faults.styles.routines import ARGUMENTS, CLOSURES, FUNCTIONS
from rhobar.faults.styles.scripts import ACCUMULATE, CONSTANTS, FLAT
from rhobar.faults.styles.style import Style

__all__ = ["STYLES", "Style"]

STYLES = {s.name: s for s in (FLAT, FUNCTIONS, TRAINER, CONSTANTS, CLOSURES, ARGUMENTS, ACCUMULATE, MIXED)}
