"""The neural tangent kernel: of a network as it is, and of one of infinite width."""

from rhobar.probes.ntk.empirical import EmpiricalNTK, empirical_ntk

__all__ = ["EmpiricalNTK", "empirical_ntk"]
