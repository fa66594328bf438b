"""How layers, blocks and whole networks stretch what goes through them."""

from rhobar.probes.jacobian.gains import ChainGain, LayerGain, chain_gain, layer_gains
from rhobar.probes.jacobian.lipschitz import LipschitzBounds, lipschitz_bounds
from rhobar.probes.jacobian.mean_field import MeanField, mean_field
from rhobar.probes.jacobian.spectra import LayerSpectrum, layer_spectra

__all__ = [
    "ChainGain",
    "LayerGain",
    "LayerSpectrum",
    "LipschitzBounds",
    "MeanField",
    "chain_gain",
    "layer_gains",
    "layer_spectra",
    "lipschitz_bounds",
    "mean_field",
]
