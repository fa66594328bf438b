"""All probes of one network, as tables and plots."""

from rhobar.probes.survey.reading import Curve, Heat, Plot, Reading, Table
from rhobar.probes.survey.subject import Subject, default_loss
from rhobar.probes.survey.table import PROBES, Outcome, chosen, survey

__all__ = [
    "PROBES",
    "Curve",
    "Heat",
    "Outcome",
    "Plot",
    "Reading",
    "Subject",
    "Table",
    "chosen",
    "default_loss",
    "survey",
]
