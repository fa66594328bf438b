"""Entropy and mutual information from distances to the k nearest neighbours.

With ε_i the distance of sample i to its k-th neighbour and c_d the volume of the unit ball,

    h = ψ(n) − ψ(k) + log c_d + (d/n) Σ_i log ε_i                        (Kozachenko and Leonenko)

and, with ε_i in the joint space under the maximum norm and n_x, n_y the samples strictly nearer than it in each,

    I = ψ(k) + ψ(n) − (1/n) Σ_i [ψ(n_x(i) + 1) + ψ(n_y(i) + 1)]          (Kraskov, Stögbauer, Grassberger, first)

in which the biases of the entropies cancel. Both are in nats.

References:
    Kozachenko and Leonenko (1987), Sample estimate of the entropy of a random vector.
    Kraskov, Stögbauer and Grassberger (2004), Estimating mutual information, eqs. 8 and 20.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.estimate import Estimate, blockwise
from rhobar.probes.samples import checked_pair, checked_samples

__all__ = ["nearest_entropy", "nearest_information"]


def nearest_entropy(x: Float[Tensor, "samples ..."], *, num_neighbours: int = 3) -> Estimate:
    """Estimate the differential entropy of a density, in nats.

    Args:
        x: Samples along the first axis.
        num_neighbours: k; more give less variance and more bias.

    Returns:
        The entropy; −∞ if samples repeat more than k times, since they have no density.

    Note:
        A `ValueError` is raised if there are not k + 2 samples, or a value is not finite.

    Example:
        >>> x = torch.randn(2000, generator=torch.Generator().manual_seed(0))
        >>> found = nearest_entropy(x)
        >>> abs(found.value - 0.5 * math.log(2 * math.pi * math.e)) < 3 * found.stderr
        True
    """
    k = _checked_k(num_neighbours)
    rows = checked_samples(x, least=k + 2)
    n, d = rows.shape
    log_volume = d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1)
    psi = _digamma(n) - _digamma(k) + log_volume

    def mean_log(kept: Tensor) -> Tensor:
        shift = _digamma(kept.numel()) - _digamma(n)
        return d * _radii(rows[kept], k).log().mean() + shift

    value, stderr = blockwise(mean_log, n, least=16 * (k + 1))
    if not value.isfinite():
        return Estimate(-math.inf, 0.0)
    return Estimate(value.item() + psi, stderr.item())


def _radii(rows: Tensor, k: int) -> Tensor:
    """Return each sample's distance to its k-th neighbour."""
    found = []
    for start in range(0, rows.shape[0], 512):
        near = torch.cdist(rows[start : start + 512], rows, compute_mode="donot_use_mm_for_euclid_dist")
        found.append(near.topk(k + 1, dim=1, largest=False).values[:, -1])  # the nearest is the sample itself
    return torch.cat(found)


def nearest_information(
    x: Float[Tensor, "samples ..."], y: Float[Tensor, "samples ..."], *, num_neighbours: int = 3
) -> Estimate:
    """Estimate the mutual information of two sets of features, in nats.

    Each feature is brought to standard deviation one first, which leaves the information as it is. Discrete or
    repeated values have no density: use `binned_information` for them.

    Args:
        x: Samples along the first axis.
        y: The same samples, with other features.
        num_neighbours: k.

    Returns:
        The information; negative at times where there is none.

    Note:
        A `ValueError` is raised if there are not k + 2 samples, their numbers differ, or a value is not finite.

    Example:
        >>> g = torch.Generator().manual_seed(0)
        >>> x, z = torch.randn(1000, generator=g), torch.randn(1000, generator=g)
        >>> found = nearest_information(x, 0.8 * x + 0.6 * z)
        >>> abs(found.value + 0.5 * math.log(1 - 0.8**2)) < 3 * found.stderr
        True
    """
    k = _checked_k(num_neighbours)
    a, b = (_standardised(rows) for rows in checked_pair(x, y, least=k + 2))
    n = a.shape[0]

    def information(kept: Tensor) -> Tensor:
        x, y = a[kept], b[kept]
        parts = [_counts(x, y, start, k) for start in range(0, kept.numel(), 512)]
        nx, ny = (torch.cat(part).double() for part in zip(*parts, strict=True))
        return _digamma(k) + _digamma(kept.numel()) - (torch.digamma(nx + 1) + torch.digamma(ny + 1)).mean()

    value, stderr = blockwise(information, n, least=16 * (k + 1))
    return Estimate(value.item(), stderr.item())


def _counts(a: Tensor, b: Tensor, start: int, k: int) -> tuple[Tensor, Tensor]:
    """Return n_x and n_y of 512 samples."""
    stop = min(start + 512, a.shape[0])
    da, db = (torch.cdist(m[start:stop], m, p=torch.inf) for m in (a, b))
    own = torch.arange(stop - start), torch.arange(start, stop)
    da[own], db[own] = torch.inf, torch.inf
    eps = torch.maximum(da, db).topk(k, dim=1, largest=False).values[:, -1:]
    return (da < eps).sum(1), (db < eps).sum(1)


def _standardised(rows: Tensor) -> Tensor:
    return (rows - rows.mean(0)) / rows.std(0).clamp_min(1e-300)


def _digamma(n: int) -> float:
    return torch.digamma(torch.tensor(float(n), dtype=torch.float64)).item()


def _checked_k(k: int) -> int:
    if k < 1:
        raise ValueError(f"num_neighbours must be at least 1, got {k}.")
    return k
