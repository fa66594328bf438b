"""Intrinsic dimension by maximum likelihood over k neighbours.

The distances r_1 < … < r_k of a point's neighbours are those of a Poisson process of constant rate in d dimensions:

    1/d̂_i = (1/(k − 1)) Σ_{j<k} log(r_k / r_j),      d = 1 / mean_i(1/d̂_i).

Averaging the inverse is what the likelihood of all points asks for; averaging d̂_i, as the paper does, is biased by
(k − 1)/(k − 2).

Textbook: B58[Info], B59[Adv].

References:
    Levina and Bickel (2005), Maximum likelihood estimation of intrinsic dimension, eq. 8.
    MacKay and Ghahramani (2005), Comments on that paper.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.geometry.neighbours import IntrinsicDimension, dimension_from, nearest_distances
from rhobar.probes.samples import checked_samples

__all__ = ["levina_bickel_dimension"]


def levina_bickel_dimension(x: Float[Tensor, "samples ..."], *, num_neighbours: int = 10) -> IntrinsicDimension:
    """Estimate the dimension of the manifold near which the samples lie.

    Args:
        x: Samples along the first axis; repeated ones count once.
        num_neighbours: k. More give less variance, and more bias where the manifold bends or ends within them.

    Returns:
        The dimension at the scale of k neighbours.

    Raises:
        ValueError: If k is below 2, there are not k + 2 different samples, or a value is not finite.

    Example:
        >>> t = torch.rand(400, 1, generator=torch.Generator().manual_seed(0))
        >>> found = levina_bickel_dimension(torch.cat([t, t**2, t.sin()], 1))
        >>> abs(found.value - 1) < 4 * found.stderr
        True
    """
    if num_neighbours < 2:
        raise ValueError(f"num_neighbours must be at least 2, got {num_neighbours}; one neighbour gives no ratio.")
    rows = checked_samples(x, least=num_neighbours + 2)
    k = num_neighbours

    def inverse(kept: Tensor | None) -> Tensor:
        r = nearest_distances(rows, k, kept)
        return torch.log(r[:, -1:] / r[:, :-1]).sum(1) / (k - 1)

    return dimension_from(rows, inverse, unbiased=lambda n: 1 - 1 / (n * (k - 1)), at_least=k + 2)
