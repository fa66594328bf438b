"""Mutual information gap: is each factor of variation held by one coordinate?

    MIG = (1/K) Σ_k [I(z_(1); v_k) − I(z_(2); v_k)] / H(v_k)

where z_(1), z_(2) are the two coordinates that know most of factor v_k. It is 1 if one coordinate tells the factor and
no other knows of it, 0 if two know equally much. Without labelled factors, or other bias, disentanglement cannot be
told at all.

Textbook: B51[Info].

References:
    Chen, Li, Grosse and Duvenaud (2018), Isolating sources of disentanglement in VAEs, eq. 6.
    Locatello et al. (2019), Challenging common assumptions in unsupervised disentanglement, theorem 1.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.estimate import Estimate, estimates, jackknife
from rhobar.probes.information.binning import bin_codes
from rhobar.probes.information.counts import counted_information, entropy_of_counts
from rhobar.probes.samples import checked_labels, checked_samples

__all__ = ["Disentanglement", "mutual_information_gap"]


@dataclass(frozen=True)
class Disentanglement:
    """The gap, and what each coordinate knows of each factor.

    Attributes:
        value: MIG.
        stderr: Its standard error over the draw of the samples.
        gaps: Of each factor.
        information: I(z_j; v_k) / H(v_k).
    """

    value: float
    stderr: float
    gaps: tuple[Estimate, ...]
    information: Float[Tensor, "coordinates factors"] = field(repr=False)


def mutual_information_gap(
    codes: Float[Tensor, "samples coordinates"], factors: Tensor, *, num_bins: int = 20
) -> Disentanglement:
    """Measure how well the coordinates of a representation separate known factors.

    Args:
        codes: The representation.
        factors: Values of the factors, samples × factors; each takes few different ones.
        num_bins: Bins of equal mass into which each coordinate is cut.

    Returns:
        The gap. Information is corrected for its bias over finite samples and cut off at zero.

    Raises:
        ValueError: If there is one coordinate only, shapes do not fit, or a factor does not vary.

    Example:
        >>> v = torch.cartesian_prod(torch.arange(4), torch.arange(4)).repeat(20, 1)
        >>> round(mutual_information_gap(v.float(), v).value, 2)
        1.0
    """
    rows = checked_samples(codes, "codes", least=20)
    n, d = rows.shape
    if d < 2 or factors.dim() != 2 or factors.shape[0] != n:
        raise ValueError(
            "codes must have two coordinates at least and factors the shape (samples, factors), got "
            f"{tuple(codes.shape)} and {tuple(factors.shape)}."
        )
    binned = [bin_codes(rows[:, j : j + 1], num_bins) for j in range(d)]
    labels = [checked_labels(factors[:, k], n, f"factors[:, {k}]")[1] for k in range(factors.shape[1])]

    def shares(kept: Tensor) -> Tensor:
        table = [[_share(z[kept], v[kept]) for v in labels] for z in binned]
        return torch.tensor(table, dtype=torch.float64)

    def gaps(kept: Tensor) -> Tensor:
        top = shares(kept).topk(2, dim=0).values
        each = top[0] - top[1]
        return torch.cat([each, each.mean()[None]])

    values, errors = jackknife(gaps, n)
    parts = estimates(values, errors)
    return Disentanglement(parts[-1].value, parts[-1].stderr, tuple(parts[:-1]), shares(torch.arange(n)))


def _share(z: Tensor, v: Tensor) -> float:
    H = entropy_of_counts(torch.bincount(v), corrected=False)
    return max(counted_information(z, v).value, 0.0) / H if H > 0 else float("nan")
