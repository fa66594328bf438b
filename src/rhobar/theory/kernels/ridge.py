"""Kernel ridge regression, the norm of its function, and its error on left-out samples without leaving any out.

    f = argmin Σ (f(xᵢ) − yᵢ)² + λ‖f‖²_k = Σ αⱼ k(·, xⱼ),      α = G⁻¹y,   G = K + λI,
    ‖f‖²_k = αᵀKα,      yᵢ − f₋ᵢ(xᵢ) = αᵢ / (G⁻¹)ᵢᵢ,      degrees of freedom tr K G⁻¹.

λ = 0 is the interpolant of least norm, √(yᵀK⁻¹y): what gradient descent on a wide network comes to with K its tangent
kernel. The posterior mean of a Gaussian process with covariance k and noise of variance λ is the same f.

Textbook: A84, A97, B7

References:
    Saunders, Gammerman and Vovk (1998), Ridge regression learning algorithm in dual variables.
    Rasmussen and Williams (2006), Gaussian processes for machine learning, eqs. (2.25), (5.12) and (6.3).
    Aronszajn (1950), Theory of reproducing kernels.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["KernelRidge", "kernel_ridge", "rkhs_norm"]


@dataclass(frozen=True)
class KernelRidge:
    """The fit.

    Attributes:
        coefficients: α; predictions at new inputs are k(new, x) @ α.
        fitted: f(xᵢ).
        left_out: f₋ᵢ(xᵢ), the prediction of each sample by the others.
        norm: ‖f‖_k.
        degrees_of_freedom: tr K(K + λI)⁻¹, at most n.
    """

    coefficients: Float[Tensor, " n"]
    fitted: Float[Tensor, " n"]
    left_out: Float[Tensor, " n"]
    norm: float
    degrees_of_freedom: float


def kernel_ridge(kernel: Float[Tensor, "n n"], targets: Float[Tensor, " n"], ridge: float) -> KernelRidge:
    """Fit in closed form, in O(n³).

    Args:
        kernel: K, symmetric and positive semi-definite.
        targets: y.
        ridge: λ of the summed squares; of mean squares it is λn. Zero needs a K that can be inverted.

    Raises:
        ValueError: If λ is negative, or K + λI is not positive definite.

    Example:
        >>> fit = kernel_ridge(torch.eye(2), torch.tensor([2.0, 4.0]), 1.0)
        >>> fit.fitted, round(fit.degrees_of_freedom, 9)
        (tensor([1.0000, 2.0000], dtype=torch.float64), 1.0)

    Textbook: A84, B7
    """
    if not ridge >= 0:
        raise ValueError(f"ridge must be at least 0, got {ridge}.")
    K, y = kernel.double(), targets.double()
    factor, info = torch.linalg.cholesky_ex(K + ridge * torch.eye(len(K), dtype=torch.float64))
    if int(info) != 0:
        raise ValueError(f"kernel + ridge must be positive definite, got a pivot {int(info)} that is not; raise ridge.")
    inverse = torch.cholesky_inverse(factor)
    alpha = torch.cholesky_solve(y[:, None], factor)[:, 0]
    fitted = K @ alpha
    left_out = y - alpha / inverse.diagonal()
    freedom = len(K) - ridge * float(inverse.trace())
    return KernelRidge(alpha, fitted, left_out, math.sqrt(max(float(alpha @ fitted), 0.0)), freedom)


def rkhs_norm(kernel: Float[Tensor, "n n"], values: Float[Tensor, " n"]) -> float:
    """The least ‖f‖_k of a function with these values, √(yᵀK⁻¹y): how complex they are in the eyes of the kernel.

    Divided by √n and times √(tr K/n) it bounds the excess risk of the interpolant (see `linear_rademacher_limit`).

    Args:
        kernel: K, positive definite.
        values: f(xᵢ).

    Example:
        >>> round(rkhs_norm(torch.tensor([[4.0]]), torch.tensor([2.0])), 12)
        1.0

    Textbook: B7
    """
    return kernel_ridge(kernel, values, 0.0).norm
