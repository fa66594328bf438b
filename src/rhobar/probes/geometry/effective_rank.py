"""In how many directions the samples spread.

With λ the eigenvalues of the covariance and p_i = λ_i^½ / Σ λ^½,

    effective rank        exp(−Σ p_i log p_i)          of the centred samples' singular values
    participation ratio   (Σ λ)² / Σ λ²
    stable rank           Σ λ / max λ

All are between 1 and the number of features, and equal it for a sphere.

References:
    Roy and Vetterli (2007), The effective rank: a measure of effective dimensionality, definition 1.
    Gao et al. (2017), A theory of multineuronal dimensionality, eq. 6.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.estimate import Estimate, estimates, jackknife
from rhobar.probes.samples import checked_samples

__all__ = ["EffectiveRank", "effective_rank", "spectrum_ranks"]


@dataclass(frozen=True)
class EffectiveRank:
    """Three soft counts of directions.

    Attributes:
        entropy: The effective rank.
        participation: The participation ratio.
        stable: The stable rank.
        num_features: The most that they can be, with enough samples.
        num_samples: n; with n not much larger than the features all three are too small.
    """

    entropy: Estimate
    participation: Estimate
    stable: Estimate
    num_features: int
    num_samples: int


def effective_rank(x: Float[Tensor, "samples ..."]) -> EffectiveRank:
    """Measure in how many directions the samples spread around their mean.

    Args:
        x: Samples along the first axis.

    Returns:
        The ranks, with errors over the draw of the samples; 0 if all samples are alike.

    Note:
        A `ValueError` is raised for fewer than three samples, no feature, or a value that is not finite.

    Example:
        >>> x = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
        >>> round(effective_rank(x).entropy.value, 4)
        2.0
    """
    rows = checked_samples(x, least=3)
    values, errors = jackknife(lambda kept: spectrum_ranks(_spectrum(rows[kept])), rows.shape[0])
    entropy, participation, stable = estimates(values, errors)
    return EffectiveRank(entropy, participation, stable, rows.shape[1], rows.shape[0])


def spectrum_ranks(eigenvalues: Float[Tensor, " n"]) -> Float[Tensor, " 3"]:
    """Return effective rank, participation ratio and stable rank of a covariance with these eigenvalues."""
    lam = eigenvalues.clamp_min(0)
    if not lam.sum() > 0:
        return lam.new_zeros(3)
    p = lam.sqrt() / lam.sqrt().sum()
    entropy = torch.special.entr(p).sum().exp()
    return torch.stack([entropy, lam.sum() ** 2 / lam.square().sum(), lam.sum() / lam.max()])


def _spectrum(rows: Tensor) -> Tensor:
    """Return the eigenvalues of the scatter matrix, from the smaller of the two Gram matrices."""
    centred = rows - rows.mean(0)
    gram = centred @ centred.T if rows.shape[0] < rows.shape[1] else centred.T @ centred
    found: Tensor = torch.linalg.eigvalsh(gram)
    return torch.where(found > found[-1] * 1e-12, found, 0.0)
