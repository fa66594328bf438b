"""Products of random matrices: deep linear networks at their initialisation. One matrix: `rhobar.linalg`."""

from rhobar.theory.random_matrices.lyapunov import (
    LogNorm,
    gaussian_lyapunov_exponents,
    relu_log_norm,
    vector_log_norm,
)
from rhobar.theory.random_matrices.moments import fuss_catalan, product_edge

__all__ = [
    "LogNorm",
    "fuss_catalan",
    "gaussian_lyapunov_exponents",
    "product_edge",
    "relu_log_norm",
    "vector_log_norm",
]
