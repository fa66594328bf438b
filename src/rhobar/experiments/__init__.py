"""The gallery: one claim of the theory, one file; a prediction, a measurement, a verdict and a picture.

``rhobar lab list`` names them, ``rhobar lab run NAME`` checks one on this machine, ``rhobar lab all`` all of them.
"""

from rhobar.experiments.catalogue import experiments, find, shown_by
from rhobar.experiments.checks import Check, at_least, at_most, equal, near, true
from rhobar.experiments.experiment import Experiment, Result, Setting

__all__ = [
    "Check",
    "Experiment",
    "Result",
    "Setting",
    "at_least",
    "at_most",
    "equal",
    "experiments",
    "find",
    "near",
    "shown_by",
    "true",
]
