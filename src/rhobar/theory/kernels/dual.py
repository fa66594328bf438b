"""The dual of an activation: what it does to the covariance of two Gaussian inputs.

    κ(Σ) = E φ(u) φ(v),      κ̇(Σ) = E φ'(u) φ'(v),      (u, v) ~ N(0, [[a, c], [c, b]])

Closed for ReLU (arc-cosine kernels of degree 1 and 0) and erf; for any other activation by Gauss–Hermite quadrature.

References:
    Cho and Saul (2009), Kernel methods for deep learning, eqs. (3) to (6).
    Williams (1997), Computing with infinite networks, eq. (11).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg import hermite_nodes, pointwise_slope

__all__ = ["ERF", "RELU", "Dual", "gauss_hermite"]

Moments = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Dual:
    """κ and κ̇ as functions of the covariance.

    Attributes:
        moments: (c, a, b) ↦ (κ, κ̇), for a covariance c and variances a and b that broadcast to its shape.
    """

    moments: Moments

    def __call__(
        self, c: Float[Tensor, "n m"], a: Float[Tensor, "n 1"], b: Float[Tensor, "1 m"]
    ) -> tuple[Float[Tensor, "n m"], Float[Tensor, "n m"]]:
        """Return κ and κ̇."""
        return self.moments(c, a, b)


def _relu(c: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """With cos θ = c/√(ab): κ = √(ab) (sin θ + (π − θ) cos θ)/2π, κ̇ = (π − θ)/2π."""
    scale = (a * b).sqrt()
    cos = (c / scale.clamp_min(torch.finfo(c.dtype).tiny)).clamp(-1, 1)
    theta = torch.acos(cos)
    sin = (1 - cos.square()).clamp_min(0).sqrt()
    return scale * (sin + (math.pi - theta) * cos) / (2 * math.pi), (math.pi - theta) / (2 * math.pi)


def _erf(c: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """κ = (2/π) asin(2c/√((1 + 2a)(1 + 2b))), κ̇ = (4/π)/√((1 + 2a)(1 + 2b) − 4c²)."""
    product = (1 + 2 * a) * (1 + 2 * b)
    kappa = 2 / math.pi * torch.asin((2 * c / product.sqrt()).clamp(-1, 1))
    return kappa, 4 / math.pi / (product - 4 * c.square()).sqrt()


RELU = Dual(_relu)
"""max(0, u)."""
ERF = Dual(_erf)
"""The error function."""


def gauss_hermite(phi: Callable[[Tensor], Tensor], *, order: int = 48) -> Dual:
    """Return the dual of any activation by quadrature.

    With u = √a z₁ and v = (c/√a) z₁ + √(b − c²/a) z₂, both moments are sums over order² nodes. Exact for polynomials
    of degree below `order`. A kink, as ReLU's, leaves an error that falls as 1/order, a jump, as its slope's, as
    1/√order.

    Args:
        phi: φ, applied element by element.
        order: Nodes in each direction.

    Returns:
        The dual; φ' is autograd's.

    Raises:
        ValueError: If the order is not positive.

    Example:
        >>> identity = gauss_hermite(lambda u: u)
        >>> kappa, slope = identity(torch.tensor([[0.5]]), torch.ones(1, 1), torch.ones(1, 1))
        >>> round(kappa.item(), 6), round(slope.item(), 6)
        (0.5, 1.0)
    """
    if order < 1:
        raise ValueError(f"order must be at least 1, got {order}.")
    z, w = hermite_nodes(order)

    def moments(c: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        z_, w_ = z.to(c), w.to(c)
        root = a.sqrt().clamp_min(torch.finfo(c.dtype).tiny)
        x = root.unsqueeze(-1) * z_  # (n, 1, order)
        u, du = phi(x), pointwise_slope(phi, x)
        rest = (b - (c / root).square()).clamp_min(0).sqrt()
        kappa, slope = torch.zeros_like(c), torch.zeros_like(c)
        for k in range(order):
            y = (c / root).unsqueeze(-1) * z_[k] + rest.unsqueeze(-1) * z_
            v, dv = phi(y), pointwise_slope(phi, y)
            kappa += w_[k] * u[..., k] * (v @ w_)
            slope += w_[k] * du[..., k] * (dv @ w_)
        return kappa, slope

    return Dual(moments)
