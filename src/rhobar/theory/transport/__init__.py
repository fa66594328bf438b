"""Optimal transport in closed form and by Sinkhorn; of samples with a null beside it: `rhobar.probes.uncertainty`."""

from rhobar.theory.transport.gaussian import GaussianTransport, gaussian_transport
from rhobar.theory.transport.line import LinePlan, transport_on_line
from rhobar.theory.transport.sinkhorn import SinkhornPlan, sinkhorn, sinkhorn_divergence

__all__ = [
    "GaussianTransport",
    "LinePlan",
    "SinkhornPlan",
    "gaussian_transport",
    "sinkhorn",
    "sinkhorn_divergence",
    "transport_on_line",
]
