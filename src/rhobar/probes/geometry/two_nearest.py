"""Intrinsic dimension from the two nearest neighbours (TwoNN).

Where the density is constant over the second neighbour's distance, μ = r₂ / r₁ has P(μ > m) = m^−d: log μ is
exponential with rate d whatever the density, and

    d = (n − 1) / Σ_i log μ_i,      unbiased.

Textbook: B58[Info], B59[Adv].

Reference: Facco, d'Errico, Rodriguez and Laio (2017), Estimating the intrinsic dimension of datasets by a minimal
neighborhood information, eq. 4; Denti et al. (2022), eq. 8 (the likelihood's maximum).
"""

from jaxtyping import Float
from torch import Tensor

from rhobar.probes.geometry.neighbours import IntrinsicDimension, dimension_from, nearest_distances
from rhobar.probes.samples import checked_samples

__all__ = ["two_nearest_dimension"]


def two_nearest_dimension(x: Float[Tensor, "samples ..."]) -> IntrinsicDimension:
    """Estimate the dimension of the manifold near which the samples lie.

    Args:
        x: Samples along the first axis; repeated ones count once.

    Returns:
        The dimension, at the scale of neighbouring samples: noise of that size counts as dimensions.

    Note:
        A `ValueError` is raised for fewer than four different samples or a value that is not finite.

    Example:
        >>> import torch
        >>> t = torch.rand(400, 1, generator=torch.Generator().manual_seed(0))
        >>> found = two_nearest_dimension(torch.cat([t, t**2, t.sin()], 1))
        >>> abs(found.value - 1) < 3 * found.stderr
        True
    """
    rows = checked_samples(x, least=4)

    def inverse(kept: Tensor | None) -> Tensor:
        r = nearest_distances(rows, 2, kept)
        return (r[:, 1] / r[:, 0]).log()

    return dimension_from(rows, inverse, unbiased=lambda n: (n - 1) / n, at_least=4)
