"""Principal components: the orthonormal directions of largest variance.

    C = (1/(n − 1)) Σ_i (x_i − x̄)(x_i − x̄)ᵀ = V diag(λ) Vᵀ

Textbook: B58[Info], B59[Adv].

References:
    Pearson (1901), On lines and planes of closest fit to systems of points in space.
    Anderson (1963), Asymptotic theory for principal component analysis, section 2.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.estimate import jackknife
from rhobar.probes.samples import checked_samples

__all__ = ["PrincipalComponents", "principal_components"]


@dataclass(frozen=True)
class PrincipalComponents:
    """The leading components.

    Attributes:
        variances: λ, in descending order.
        stderr: Their standard errors.
        shares: λ / Σ λ, over all directions.
        directions: V, one unit row each, the entry of largest size positive.
        mean: x̄.
    """

    variances: Float[Tensor, " components"] = field(repr=False)
    stderr: Float[Tensor, " components"] = field(repr=False)
    shares: Float[Tensor, " components"]
    directions: Float[Tensor, "components features"] = field(repr=False)
    mean: Float[Tensor, " features"] = field(repr=False)

    def project(self, x: Float[Tensor, "n ..."]) -> Float[Tensor, "n components"]:
        """Return the coordinates of samples."""
        return (x.reshape(x.shape[0], -1).to(self.mean) - self.mean) @ self.directions.T

    def num_needed(self, share: float) -> int:
        """Return how many of the components kept hold this share of the variance; one more than kept if too few."""
        return int((self.shares.cumsum(0) < share - 1e-12).sum()) + 1


def principal_components(x: Float[Tensor, "samples ..."], *, num_components: int = 10) -> PrincipalComponents:
    """Find the directions of largest variance.

    Args:
        x: Samples along the first axis.
        num_components: How many; at most the features and samples allow are returned.

    Returns:
        The components. The errors of variances are those over the draw of the samples.

    Raises:
        ValueError: If no component is asked for, there are fewer than three samples, or a value is not finite.

    Example:
        >>> x = torch.tensor([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
        >>> principal_components(x).shares
        tensor([0.8000, 0.2000], dtype=torch.float64)
    """
    if num_components < 1:
        raise ValueError(f"num_components must be at least 1, got {num_components}.")
    rows = checked_samples(x, least=3)
    n, mean = rows.shape[0], rows.mean(0)
    _, s, Vh = torch.linalg.svd(rows - mean, full_matrices=False)
    k = min(num_components, n - 1, rows.shape[1])
    V = Vh[:k] * torch.where(Vh[:k].gather(1, Vh[:k].abs().argmax(1, keepdim=True)) < 0, -1.0, 1.0)
    lam = s.square() / (n - 1)
    coordinates = (rows - mean) @ Vh.T  # all of the scatter, in no more dimensions than samples

    def variances(kept: Tensor) -> Tensor:
        part = coordinates[kept] - coordinates[kept].mean(0)
        gram = part.T @ part / (kept.numel() - 1)
        found: Tensor = torch.linalg.eigvalsh(gram).flip(0)[:k]
        return found

    _, stderr = jackknife(variances, n)
    total = lam.sum()
    shares = lam[:k] / total if total > 0 else torch.zeros(k, dtype=lam.dtype)
    return PrincipalComponents(lam[:k], stderr, shares, V, mean)
