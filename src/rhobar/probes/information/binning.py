"""Entropy and mutual information of real samples cut into bins.

    h ≈ H(bins) + log Δ,      I ≈ Ĥ(X_bins) + Ĥ(Y_bins) − Ĥ(X_bins, Y_bins)

Binned information is at most that of the samples and grows towards it with the number of bins, as does the number
of samples that it takes: m bins ask for many more than m² samples. In several dimensions use `nearest_information`.

Textbook: B48[Info].

References:
    Cover and Thomas (2006), Elements of information theory, theorem 8.3.1.
    Miller (1955), as in `rhobar.probes.information.counts`.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rhobar.probes.estimate import Estimate
from rhobar.probes.information.counts import counted_entropy, counted_information
from rhobar.probes.samples import checked_pair, checked_samples

__all__ = ["bin_codes", "binned_entropy", "binned_information"]


def bin_codes(x: Float[Tensor, "samples features"], num_bins: int, *, equal: str = "mass") -> Int[Tensor, " samples"]:
    """Cut every feature into bins, and number the combinations that occur.

    Args:
        x: Samples.
        num_bins: Bins of each feature.
        equal: "mass", bins of as many samples each (the same for any monotone change of the feature), or "width".

    Returns:
        One symbol a sample.

    Raises:
        ValueError: If there are fewer than two bins, or the kind is unknown.

    Example:
        >>> bin_codes(torch.tensor([[0.0], [0.1], [5.0], [9.0]]), 2).tolist()
        [0, 0, 1, 1]
    """
    if num_bins < 2 or equal not in ("mass", "width"):
        raise ValueError(f'num_bins must be at least 2 and equal "mass" or "width", got {num_bins} and {equal!r}.')
    x = x.double()
    if equal == "width":
        low, high = x.amin(0), x.amax(0)
        step = torch.where(high > low, (high - low) / num_bins, 1.0)
        cells = ((x - low) / step).long().clamp_(0, num_bins - 1)
    else:
        n = x.shape[0]
        ranks = torch.stack([torch.searchsorted(column.sort().values, column) for column in x.T.contiguous()], 1)
        cells = ranks * num_bins // n  # equal values have equal ranks, and so share a bin
    codes: Tensor = torch.unique(cells, dim=0, return_inverse=True)[1]
    return codes


def binned_entropy(x: Float[Tensor, " samples"], *, num_bins: int = 30) -> Estimate:
    """Estimate the differential entropy of one real variable, in nats, with bins of equal width Δ.

    Args:
        x: Samples of one feature.
        num_bins: The bias is about Δ² E[(p'/p)²] / 24, and bins/(2n), corrected for, from too few samples.

    Returns:
        The entropy; −∞ if all samples are alike.

    Note:
        A `ValueError` is raised for fewer than ten samples or a value that is not finite.

    Example:
        >>> x = torch.rand(2000, generator=torch.Generator().manual_seed(0)) * 4
        >>> round(binned_entropy(x).value, 1)  # log 4 = 1.39
        1.4
    """
    rows = checked_samples(x[:, None], least=10)
    width = (rows.max() - rows.min()).item() / num_bins
    if width == 0:
        return Estimate(float("-inf"), 0.0)
    found = counted_entropy(bin_codes(rows, num_bins, equal="width"))
    return Estimate(found.value + torch.tensor(width).double().log().item(), found.stderr)


def binned_information(
    x: Float[Tensor, "samples ..."], y: Float[Tensor, "samples ..."], *, num_bins: int = 10, equal: str = "mass"
) -> Estimate:
    """Estimate the mutual information of two sets of features, in nats.

    Args:
        x: Samples along the first axis.
        y: The same samples, with other features.
        num_bins: Of each feature.
        equal: As for `bin_codes`.

    Returns:
        The information of the bins, a lower bound of that of the features, and its error; slightly negative at times
        where there is none.

    Note:
        A `ValueError` is raised for fewer than ten samples, different numbers of them, or a value that is not finite.

    Example:
        >>> x = torch.randn(2000, generator=torch.Generator().manual_seed(0))
        >>> round(binned_information(x, x, num_bins=4).value, 2)  # log 4
        1.39
    """
    a, b = checked_pair(x, y, least=10)
    return counted_information(bin_codes(a, num_bins, equal=equal), bin_codes(b, num_bins, equal=equal))
