"""The neural tangent kernel: of a network as it is, and of one of infinite width."""

from rhobar.probes.ntk.alignment import Alignment, KernelChange, kernel_change, target_alignment
from rhobar.probes.ntk.dual import ERF, RELU, Dual, gauss_hermite
from rhobar.probes.ntk.empirical import EmpiricalNTK, empirical_ntk
from rhobar.probes.ntk.infinite import InfiniteKernels, infinite_mlp
from rhobar.probes.ntk.spectrum import KernelSpectrum, kernel_spectrum

__all__ = [
    "ERF",
    "RELU",
    "Alignment",
    "Dual",
    "EmpiricalNTK",
    "InfiniteKernels",
    "KernelChange",
    "KernelSpectrum",
    "empirical_ntk",
    "gauss_hermite",
    "infinite_mlp",
    "kernel_change",
    "kernel_spectrum",
    "target_alignment",
]
