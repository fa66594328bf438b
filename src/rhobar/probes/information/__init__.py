"""Entropy and mutual information of samples, and what the layers of a network know of input and target."""

from rhobar.probes.information.binning import bin_codes, binned_entropy, binned_information
from rhobar.probes.information.counts import counted_entropy, counted_information
from rhobar.probes.information.infonce import InformationBound, infonce
from rhobar.probes.information.nearest import nearest_entropy, nearest_information
from rhobar.probes.information.plane import InformationPlane, LayerInformation, information_plane

__all__ = [
    "InformationBound",
    "InformationPlane",
    "LayerInformation",
    "bin_codes",
    "binned_entropy",
    "binned_information",
    "counted_entropy",
    "counted_information",
    "infonce",
    "information_plane",
    "nearest_entropy",
    "nearest_information",
]
