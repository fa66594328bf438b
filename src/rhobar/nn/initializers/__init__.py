"""Initialisers: variances by formula for one weight, and for whole models by theory or by measurement."""

from rhobar.nn.initializers.critical import CriticalInit, CriticalWeight, critical_
from rhobar.nn.initializers.data_dependent import UnitVariance, unit_variance_
from rhobar.nn.initializers.fans import fan_in_and_out
from rhobar.nn.initializers.flow import LinearMap, Signal, trace_linear_maps
from rhobar.nn.initializers.he import he_, he_variance
from rhobar.nn.initializers.initializer import Initializer
from rhobar.nn.initializers.lecun import lecun_, lecun_variance
from rhobar.nn.initializers.module_order import order_linear_maps
from rhobar.nn.initializers.orthogonal import orthogonal_, orthogonal_variance
from rhobar.nn.initializers.table import INITIALIZERS
from rhobar.nn.initializers.xavier import xavier_, xavier_variance

__all__ = [
    "INITIALIZERS",
    "CriticalInit",
    "CriticalWeight",
    "Initializer",
    "LinearMap",
    "Signal",
    "UnitVariance",
    "critical_",
    "fan_in_and_out",
    "he_",
    "he_variance",
    "lecun_",
    "lecun_variance",
    "order_linear_maps",
    "orthogonal_",
    "orthogonal_variance",
    "trace_linear_maps",
    "unit_variance_",
    "xavier_",
    "xavier_variance",
]
