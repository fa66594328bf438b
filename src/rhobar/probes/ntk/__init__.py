"""The neural tangent kernel of a network as it is; that of infinite width is `rhobar.theory.kernels.infinite_mlp`."""

from rhobar.probes.ntk.alignment import Alignment, KernelChange, kernel_change, target_alignment
from rhobar.probes.ntk.empirical import EmpiricalNTK, empirical_ntk
from rhobar.probes.ntk.spectrum import KernelSpectrum, kernel_spectrum

__all__ = [
    "Alignment",
    "EmpiricalNTK",
    "KernelChange",
    "KernelSpectrum",
    "empirical_ntk",
    "kernel_change",
    "kernel_spectrum",
    "target_alignment",
]
