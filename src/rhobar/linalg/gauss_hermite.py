"""Gauss–Hermite nodes for the standard normal: Σ w_k f(z_k) = E f(z), exact for polynomials of degree below 2n.

Reference: Golub and Welsch (1969), Calculation of Gauss quadrature rules.
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["hermite_nodes"]


def hermite_nodes(order: int) -> tuple[Float[Tensor, " order"], Float[Tensor, " order"]]:
    """Return nodes and weights, from the eigenvectors of the Jacobi matrix.

    Args:
        order: n, their number.

    Raises:
        ValueError: If there is no node.

    Example:
        >>> z, w = hermite_nodes(3)
        >>> round(float(w @ z.square()), 6), round(float(w @ z**4), 6)
        (1.0, 3.0)
    """
    if order < 1:
        raise ValueError(f"order must be at least 1, got {order}.")
    off = torch.arange(1, order, dtype=torch.float64).sqrt()
    nodes, vectors = torch.linalg.eigh(torch.diag(off, 1) + torch.diag(off, -1))
    return nodes, vectors[0].square()
