"""Optimal transport between normal distributions: Bures' and Wasserstein's distance, and the map of least work.

    W_2² = ‖m₁ − m₂‖² + tr(S₁ + S₂ − 2 (S₁^½ S₂ S₁^½)^½),
    x ↦ m₂ + T(x − m₁),     T = S₁^{−½} (S₁^½ S₂ S₁^½)^½ S₁^{−½}.

The Fréchet inception distance is this, of features taken to be normal; for any other distributions with these means and
covariances it is a lower bound of W_2 (Gelbrich).

Textbook: B77

References:
    Dowson and Landau (1982), The Fréchet distance between multivariate normal distributions, eq. (16).
    Gelbrich (1990), On a formula for the L² Wasserstein metric between measures, theorem 2.1.
    Peyré and Cuturi (2019), Computational optimal transport, remark 2.31.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["GaussianTransport", "gaussian_transport"]


@dataclass(frozen=True)
class GaussianTransport:
    """The distance and the map.

    Attributes:
        distance: W_2.
        matrix: T, symmetric; T S₁ T = S₂ where S₁ can be inverted.
    """

    distance: float
    matrix: Float[Tensor, "dim dim"]


def gaussian_transport(
    means: tuple[Float[Tensor, " dim"], Float[Tensor, " dim"]],
    covariances: tuple[Float[Tensor, "dim dim"], Float[Tensor, "dim dim"]],
) -> GaussianTransport:
    """Return W_2 of two normal distributions and the map from the first to the second.

    Args:
        means: m₁ and m₂.
        covariances: S₁ and S₂, symmetric and positive semi-definite.

    Refused if a covariance has a negative eigenvalue (ValueError).

    Example:
        >>> zero, one = torch.zeros(1), torch.ones(1)
        >>> gaussian_transport((zero, 3 * one), (torch.eye(1), 25 * torch.eye(1)))  # √(3² + (5 − 1)²)
        GaussianTransport(distance=5.0, matrix=tensor([[5.]], dtype=torch.float64))

    Textbook: B77
    """
    shift = (means[0].double() - means[1].double()).square().sum()
    S1, S2 = (S.double() for S in covariances)
    root, inverse = _roots(S1)
    _roots(S2)
    middle, _ = _roots(root @ S2 @ root)
    squared = float(shift + (S1 + S2 - 2 * middle).trace())
    return GaussianTransport(math.sqrt(max(squared, 0.0)), inverse @ middle @ inverse)


def _roots(S: Tensor) -> tuple[Tensor, Tensor]:
    """Return S^½ and its pseudo-inverse.

    Raises:
        ValueError: If S has a negative eigenvalue.
    """
    values, Q = torch.linalg.eigh((S + S.mT) / 2)
    if float(values[0]) < -1e-9 * max(float(values[-1]), 1e-300):
        raise ValueError(f"A covariance must have no negative eigenvalue, got {float(values[0]):.4g}.")
    roots = values.clamp_min(0).sqrt()
    inverse = torch.where(roots > 1e-9 * roots[-1], 1 / roots.clamp_min(1e-300), 0.0)
    return Q * roots @ Q.mT, Q * inverse @ Q.mT
