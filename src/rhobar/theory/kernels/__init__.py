"""Kernels: what wide layers compute, regression with them, and what their spectrum says of learning."""

from rhobar.theory.kernels.arc_cosine import arc_cosine_kernel
from rhobar.theory.kernels.dual import ERF, RELU, Dual, gauss_hermite
from rhobar.theory.kernels.infinite import InfiniteKernels, infinite_mlp
from rhobar.theory.kernels.learning_curve import LearningCurvePoint, kernel_learning_curve
from rhobar.theory.kernels.ridge import KernelRidge, kernel_ridge, rkhs_norm

__all__ = [
    "ERF",
    "RELU",
    "Dual",
    "InfiniteKernels",
    "KernelRidge",
    "LearningCurvePoint",
    "arc_cosine_kernel",
    "gauss_hermite",
    "infinite_mlp",
    "kernel_learning_curve",
    "kernel_ridge",
    "rkhs_norm",
]
