"""Have the representations of different samples become alike?

Of samples z_i, with ẑ = z / ‖z‖:

    cosine        mean over i ≠ j of ẑ_i · ẑ_j                      1 when all point one way
    spread        mean over features of std(ẑ), times √d            1 on a sphere, 0 when collapsed
    uniformity    log mean over i ≠ j of exp(−2 ‖ẑ_i − ẑ_j‖²)       0 when collapsed, −4 at best for many dimensions
    rank share    effective rank / min(d, n − 1)                    small when only few dimensions are used

References:
    Chen and He (2021), Exploring simple siamese representation learning, section 4.1 (spread).
    Wang and Isola (2020), Understanding contrastive representation learning, eq. 2 (uniformity, t = 2).
    Jing et al. (2022), Understanding dimensional collapse in contrastive self-supervised learning, section 3.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.estimate import Estimate, estimates, jackknife
from rhobar.probes.geometry.effective_rank import effective_rank
from rhobar.probes.samples import checked_samples

__all__ = ["RepresentationCollapse", "representation_collapse"]


@dataclass(frozen=True)
class RepresentationCollapse:
    """How alike the representations are.

    Attributes:
        cosine: Mean cosine of two samples.
        spread: Standard deviation of normalised features, in units of 1/√d.
        uniformity: Logarithm of the mean Gaussian potential.
        rank_share: Effective rank over the most that it can be.
        num_zero: Samples of length zero, which point nowhere and are left out of the first three.
    """

    cosine: Estimate
    spread: Estimate
    uniformity: Estimate
    rank_share: Estimate
    num_zero: int


def representation_collapse(x: Float[Tensor, "samples ..."]) -> RepresentationCollapse:
    """Measure whether representations have collapsed onto a point, a ray or few dimensions.

    Args:
        x: Samples along the first axis.

    Returns:
        The measures; NaN for the first three if fewer than three samples have a direction.

    Note:
        A `ValueError` is raised for fewer than three samples, no feature, or a value that is not finite.

    Example:
        >>> found = representation_collapse(torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]]))
        >>> found.cosine.value, found.spread.value
        (1.0, 0.0)
    """
    rows = checked_samples(x, least=3)
    n, d = rows.shape
    rank = effective_rank(rows)
    most = min(d, n - 1)
    share = Estimate(rank.entropy.value / most, rank.entropy.stderr / most)
    lengths = torch.linalg.vector_norm(rows, dim=1)
    unit = rows[lengths > 0] / lengths[lengths > 0, None]
    missing = n - unit.shape[0]
    if unit.shape[0] < 3:
        unknown = Estimate(float("nan"), float("nan"))
        return RepresentationCollapse(unknown, unknown, unknown, share, missing)
    gram = unit @ unit.T

    def measures(kept: Tensor) -> Tensor:
        m = kept.numel()
        inner = gram[kept][:, kept]
        pairs = m * (m - 1)
        cosine = (inner.sum() - inner.diagonal().sum()) / pairs
        spread = unit[kept].std(0, correction=0).mean() * d**0.5
        potential = torch.exp(4 * (inner - 1))  # ‖ẑ_i − ẑ_j‖² = 2 − 2 ẑ_i · ẑ_j
        uniformity = ((potential.sum() - potential.diagonal().sum()) / pairs).log()
        return torch.stack([cosine, spread, uniformity])

    values, errors = jackknife(measures, unit.shape[0])
    cosine, spread, uniformity = estimates(values, errors)
    return RepresentationCollapse(cosine, spread, uniformity, share, missing)
