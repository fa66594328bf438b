"""Recurrent nets as dynamical systems: fixed points, attractors, and how fast nearby states part."""

from rhobar.probes.dynamics.attractors import Attractor, Attractors, attractors
from rhobar.probes.dynamics.equilibria import FixedPoint, FixedPoints, fixed_points
from rhobar.probes.dynamics.lyapunov import LyapunovSpectrum, lyapunov_spectrum
from rhobar.probes.dynamics.maps import StateMap, recurrent_map

__all__ = [
    "Attractor",
    "Attractors",
    "FixedPoint",
    "FixedPoints",
    "LyapunovSpectrum",
    "StateMap",
    "attractors",
    "fixed_points",
    "lyapunov_spectrum",
    "recurrent_map",
]
