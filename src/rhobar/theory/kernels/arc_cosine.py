"""Arc-cosine kernels: what infinitely many random units of one layer say of two inputs.

For weights w ~ N(0, I) and units that answer max(0, w·x)ⁿ (n = 0 a step, 1 a ReLU, 2 its square),

    k_n(x, y) = 2 E[(w·x)₊ⁿ (w·y)₊ⁿ] = (1/π) ‖x‖ⁿ ‖y‖ⁿ J_n(θ),     θ the angle between x and y,
    J_0 = π − θ,   J_1 = sin θ + (π − θ) cos θ,   J_2 = 3 sin θ cos θ + (π − θ)(1 + 2 cos² θ).

Applied to its own values in place of inner products, it is the kernel of a deeper network. With n = 1 that is the NNGP
of ReLU with He's variance, of which `rhobar.theory.kernels.infinite_mlp` also gives the tangent kernel; what makes that
so simple is dJ_1/d cos θ = J_0.

Textbook: B7, B33

Reference: Cho and Saul (2009), Kernel methods for deep learning, eqs. (1) to (11).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["arc_cosine_kernel"]


def arc_cosine_kernel(
    x: Float[Tensor, "n dim"], y: Float[Tensor, "m dim"], *, order: int = 1, depth: int = 1
) -> Float[Tensor, "n m"]:
    """Return k_n(x_i, y_j), composed `depth` times.

    Args:
        x: Inputs.
        y: Other inputs.
        order: n: 0, 1 or 2.
        depth: Number of hidden layers.

    Raises:
        ValueError: If the order is none of the three, or the depth is not positive.

    Example:
        >>> x = torch.eye(2)
        >>> arc_cosine_kernel(x, x, order=0)  # 1 − θ/π
        tensor([[1.0000, 0.5000],
                [0.5000, 1.0000]], dtype=torch.float64)

    Textbook: B7, B33
    """
    if order not in (0, 1, 2) or depth < 1:
        raise ValueError(f"order must be 0, 1 or 2 and depth at least 1, got {order} and {depth}.")
    X, Y = x.double(), y.double()
    products, a, b = X @ Y.mT, X.square().sum(1), Y.square().sum(1)
    at_zero_angle = (1.0, 1.0, 3.0)[order]  # J_n(0)/π
    for _ in range(depth):
        scale = (a[:, None] * b[None, :]).sqrt()
        cosine = (products / scale.clamp_min(1e-300)).clamp(-1, 1)
        products = scale**order * _angular(order, cosine) / math.pi
        a, b = at_zero_angle * a**order, at_zero_angle * b**order
    return products


def _angular(order: int, cosine: Tensor) -> Tensor:
    """J_n(θ) from cos θ."""
    theta, sine = torch.acos(cosine), (1 - cosine.square()).clamp_min(0).sqrt()
    if order == 0:
        return math.pi - theta
    if order == 1:
        return sine + (math.pi - theta) * cosine
    return 3 * sine * cosine + (math.pi - theta) * (1 + 2 * cosine.square())
