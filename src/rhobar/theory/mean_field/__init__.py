"""Wide random networks: what their layers do to signals and gradients, and how deep either reaches."""

from rhobar.theory.mean_field.isometry import isometry_variance
from rhobar.theory.mean_field.maps import (
    SignalProfile,
    correlation_map,
    gradient_factor,
    signal_profile,
    variance_map,
)
from rhobar.theory.mean_field.phases import EdgePoint, MeanFieldLimit, edge_of_chaos, mean_field_limit

__all__ = [
    "EdgePoint",
    "MeanFieldLimit",
    "SignalProfile",
    "correlation_map",
    "edge_of_chaos",
    "gradient_factor",
    "isometry_variance",
    "mean_field_limit",
    "signal_profile",
    "variance_map",
]
