"""Matrices, not networks: operators known by their products, and what can be learned from few of them."""

from rhobar.linalg.diagonal import DiagonalEstimate, diagonal
from rhobar.linalg.golub_kahan import SingularValue, largest_singular_value
from rhobar.linalg.hutchinson import hutchinson_trace
from rhobar.linalg.hutchpp import hutchpp_trace
from rhobar.linalg.lanczos import Eigenpairs, Which, eigenpairs
from rhobar.linalg.operator import LinearOperator
from rhobar.linalg.slq import SpectralDensity, spectral_density
from rhobar.linalg.trace_estimate import TraceEstimate
from rhobar.linalg.xtrace import xtrace

__all__ = [
    "DiagonalEstimate",
    "Eigenpairs",
    "LinearOperator",
    "SingularValue",
    "SpectralDensity",
    "TraceEstimate",
    "Which",
    "diagonal",
    "eigenpairs",
    "hutchinson_trace",
    "hutchpp_trace",
    "largest_singular_value",
    "spectral_density",
    "xtrace",
]
