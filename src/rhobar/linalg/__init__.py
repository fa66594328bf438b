"""Matrices, not networks: operators known by their products, what few of them tell, and Gaussian expectations."""

from rhobar.linalg.arnoldi import SpectralRadius, spectral_radius
from rhobar.linalg.condition import ConditionNumber, condition_number
from rhobar.linalg.conjugate_gradient import TrustRegionSolution, conjugate_gradient
from rhobar.linalg.diagonal import DiagonalEstimate, diagonal
from rhobar.linalg.gauss_hermite import hermite_nodes
from rhobar.linalg.gaussian_expectation import gaussian_expectation, gaussian_pair_expectation, pointwise_slope
from rhobar.linalg.golub_kahan import SingularValue, largest_singular_value, smallest_singular_value
from rhobar.linalg.golub_kahan_blocks import largest_singular_value_of_blocks
from rhobar.linalg.hutchinson import hutchinson_trace
from rhobar.linalg.hutchpp import hutchpp_trace
from rhobar.linalg.inertia import NegativeDirections, negative_directions
from rhobar.linalg.lanczos import Eigenpairs, Which, eigenpairs
from rhobar.linalg.marchenko_pastur import Band, singular_value_band
from rhobar.linalg.operator import LinearOperator
from rhobar.linalg.slq import SpectralDensity, spectral_density
from rhobar.linalg.symmetry import symmetry_error
from rhobar.linalg.trace_estimate import TraceEstimate
from rhobar.linalg.xtrace import xtrace

__all__ = [
    "Band",
    "ConditionNumber",
    "DiagonalEstimate",
    "Eigenpairs",
    "LinearOperator",
    "NegativeDirections",
    "SingularValue",
    "SpectralDensity",
    "SpectralRadius",
    "TraceEstimate",
    "TrustRegionSolution",
    "Which",
    "condition_number",
    "conjugate_gradient",
    "diagonal",
    "eigenpairs",
    "gaussian_expectation",
    "gaussian_pair_expectation",
    "hermite_nodes",
    "hutchinson_trace",
    "hutchpp_trace",
    "largest_singular_value",
    "largest_singular_value_of_blocks",
    "negative_directions",
    "pointwise_slope",
    "singular_value_band",
    "smallest_singular_value",
    "spectral_density",
    "spectral_radius",
    "symmetry_error",
    "xtrace",
]
