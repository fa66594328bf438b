"""The faults of the laboratory, each a row; a new one adds a row."""

from rhobar.faults.catalogue.data import DATA_FAULTS
from rhobar.faults.catalogue.fault import Fault
from rhobar.faults.catalogue.gradients import GRADIENT_FAULTS
from rhobar.faults.catalogue.network import NETWORK_FAULTS
from rhobar.faults.catalogue.optimisation import OPTIMISATION_FAULTS
from rhobar.faults.catalogue.output import OUTPUT_FAULTS

__all__ = ["FAULTS", "Fault"]

FAULTS: tuple[Fault, ...] = (
    *DATA_FAULTS,
    *OUTPUT_FAULTS,
    *NETWORK_FAULTS,
    *GRADIENT_FAULTS,
    *OPTIMISATION_FAULTS,
)
