"""What the weights of each layer have learned, seen from their singular values."""

from rhobar.probes.weights.compression import Compression, low_rank_losses
from rhobar.probes.weights.power_law import PowerLaw, fit_power_law
from rhobar.probes.weights.spectrum import WeightSpectrum, weight_spectra

__all__ = [
    "Compression",
    "PowerLaw",
    "WeightSpectrum",
    "fit_power_law",
    "low_rank_losses",
    "weight_spectra",
]
