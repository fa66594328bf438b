"""Information theory: identities that check one another, channels, and the bottleneck."""

from rhobar.theory.information.bottleneck import Bottleneck, Capacity, channel_capacity, information_bottleneck
from rhobar.theory.information.gaussian_bottleneck import GaussianBottleneck, gaussian_bottleneck
from rhobar.theory.information.identities import (
    Relation,
    conditional_entropy,
    data_processing,
    gaussian_information,
    identities,
    mutual_information,
)

__all__ = [
    "Bottleneck",
    "Capacity",
    "GaussianBottleneck",
    "Relation",
    "channel_capacity",
    "conditional_entropy",
    "data_processing",
    "gaussian_bottleneck",
    "gaussian_information",
    "identities",
    "information_bottleneck",
    "mutual_information",
]
