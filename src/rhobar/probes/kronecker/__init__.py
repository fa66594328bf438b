"""The Fisher information of each layer as a Kronecker product."""

from rhobar.probes.kronecker.factors import KroneckerFactors, LayerFactors, kronecker_factors

__all__ = ["KroneckerFactors", "LayerFactors", "kronecker_factors"]
