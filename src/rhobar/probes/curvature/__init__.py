"""Curvature matrices of any network as operators: four different ones, never synonyms."""

from rhobar.probes.curvature.empirical_fisher import empirical_fisher
from rhobar.probes.curvature.fisher import fisher
from rhobar.probes.curvature.ggn import ggn
from rhobar.probes.curvature.hessian import hessian
from rhobar.probes.curvature.layers import LayerCurvature, layer_curvature
from rhobar.probes.curvature.parameters import ParameterSpace, layer_names
from rhobar.probes.curvature.stability import Stability, stability

__all__ = [
    "LayerCurvature",
    "ParameterSpace",
    "Stability",
    "empirical_fisher",
    "fisher",
    "ggn",
    "hessian",
    "layer_curvature",
    "layer_names",
    "stability",
]
