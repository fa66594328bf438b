"""The shape of data in each layer: clusters and loops that last over scales."""

from rhobar.probes.topology.betti import betti_curve
from rhobar.probes.topology.bottleneck import LayerTopology, bottleneck_distance, layer_topology
from rhobar.probes.topology.persistence import Persistence, persistent_homology

__all__ = [
    "LayerTopology",
    "Persistence",
    "betti_curve",
    "bottleneck_distance",
    "layer_topology",
    "persistent_homology",
]
