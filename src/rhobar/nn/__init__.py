"""Networks from their parts: neurons, activations, losses, initialisers, normalisation, layers and architectures.

Each formula of the textbook is a short pure function, held by tests to what torch computes. One table a kind lists the
members with their properties: `ACTIVATIONS`, `LOSSES`, `INITIALIZERS`, `NORMALIZATIONS`, `LAYERS`, `ARCHITECTURES`.
"""

from rhobar.nn.activations import ACTIVATIONS
from rhobar.nn.architectures import ARCHITECTURES
from rhobar.nn.backprop import computational_graph
from rhobar.nn.initializers import INITIALIZERS, critical_
from rhobar.nn.layers import LAYERS
from rhobar.nn.losses import LOSSES
from rhobar.nn.normalization import NORMALIZATIONS

__all__ = [
    "ACTIVATIONS",
    "ARCHITECTURES",
    "INITIALIZERS",
    "LAYERS",
    "LOSSES",
    "NORMALIZATIONS",
    "computational_graph",
    "critical_",
]
