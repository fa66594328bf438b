"""A number with its standard error, and the jackknife that gives one to any statistic of independent samples.

With the samples dealt into G groups and θ_g the statistic without group g,

    stderr² = (G − 1)/G Σ_g (θ_g − θ̄)².

Reference: Efron and Stein (1981), The jackknife estimate of variance, section 1: on average it errs upwards.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ["Estimate", "blockwise", "estimates", "jackknife", "mean_of", "share_of"]


@dataclass(frozen=True)
class Estimate:
    """A measured number.

    Attributes:
        value: The estimate.
        stderr: Its standard error; NaN where none can be given.
    """

    value: float
    stderr: float


def jackknife(
    statistic: Callable[[Int[Tensor, " kept"]], Tensor],
    num_samples: int,
    *,
    num_groups: int = 20,
    generator: torch.Generator | None = None,
) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
    """Return a statistic of all samples, and the standard error of each of its entries.

    Args:
        statistic: Takes the indices of the samples to use, returns a tensor of any shape.
        num_samples: n.
        num_groups: G; each sample is a group of its own if there are fewer.
        generator: Deals the samples into groups; by default one seeded with zero.

    Returns:
        The statistic and its error, which is NaN where the statistic of a part is not finite.

    Raises:
        ValueError: If there are fewer than two samples or groups.

    Example:
        >>> x = torch.tensor([1.0, 2.0, 3.0, 6.0])
        >>> value, stderr = jackknife(lambda kept: x[kept].mean(), 4)
        >>> round(value.item(), 4), round(stderr.item(), 4), round((x.std() / 2).item(), 4)
        (3.0, 1.0801, 1.0801)
    """
    G = min(num_groups, num_samples)
    if G < 2:
        raise ValueError(f"At least two samples and two groups are needed, got {num_samples} and {num_groups}.")
    generator = generator or torch.Generator().manual_seed(0)
    group = torch.arange(num_samples) % G
    group = group[torch.randperm(num_samples, generator=generator)]
    whole = statistic(torch.arange(num_samples))
    parts = torch.stack([statistic((group != g).nonzero()[:, 0]) for g in range(G)])
    stderr = ((G - 1) / G * (parts - parts.mean(0)).square().sum(0)).sqrt()
    return whole, stderr


def blockwise(
    statistic: Callable[[Int[Tensor, " kept"]], Tensor],
    num_samples: int,
    *,
    least: int,
    num_blocks: int = 10,
    num_dealings: int = 6,
    generator: torch.Generator | None = None,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Return a statistic of all samples, and its standard error from disjoint blocks.

    For statistics of nearest neighbours, which lose their neighbours under the jackknife: with B blocks of n/B samples
    the variance between blocks, over B, is that of the whole if it falls as 1/n.

    Args:
        statistic: Takes the indices of the samples to use, returns one number.
        num_samples: n.
        least: Samples that a block needs; there are fewer blocks if that asks for it.
        num_blocks: B.
        num_dealings: How often samples are dealt into blocks; the variances are averaged.
        generator: Deals the samples into blocks; by default one seeded with zero.

    Returns:
        The statistic and its error, NaN if there are not enough samples for two blocks.

    Example:
        >>> x = torch.randn(4000, generator=torch.Generator().manual_seed(0))
        >>> _, stderr = blockwise(lambda kept: x[kept].mean(), 4000, least=10)
        >>> 0.7 < stderr.item() * 4000**0.5 < 1.3
        True

    Reference: Holmes and Nemenman (2019), Estimation of mutual information for real-valued data with error bars, eq. 8.
    """
    B = min(num_blocks, num_samples // least)
    whole = statistic(torch.arange(num_samples))
    if B < 2:
        return whole, torch.full_like(whole, torch.nan)
    generator = generator or torch.Generator().manual_seed(0)
    variances = []
    for _ in range(num_dealings):
        order = torch.randperm(num_samples, generator=generator)
        variances.append(torch.stack([statistic(block) for block in order.tensor_split(B)]).var())
    return whole, (torch.stack(variances).mean() / B).sqrt()


def estimates(values: Float[Tensor, " n"], stderr: Float[Tensor, " n"]) -> list[Estimate]:
    """Return each value with its error.

    Example:
        >>> estimates(torch.tensor([1.0]), torch.tensor([0.5]))
        [Estimate(value=1.0, stderr=0.5)]
    """
    return [Estimate(v, e) for v, e in zip(values.tolist(), stderr.tolist(), strict=True)]


def mean_of(values: Float[Tensor, " n"]) -> Estimate:
    """Return a mean and s/√n; with a single value the error is NaN.

    Example:
        >>> mean_of(torch.tensor([1.0, 3.0]))
        Estimate(value=2.0, stderr=1.0)
    """
    values = values.double()
    n = values.numel()
    stderr = (values.std() / n**0.5).item() if n > 1 else float("nan")
    return Estimate(values.mean().item(), stderr)


def share_of(hits: Tensor) -> Estimate:
    """Return the share p of hits and √(p̃(1 − p̃)/ñ), which is not zero for none or all (Agresti and Coull 1998).

    Args:
        hits: True or false, one a trial.

    Example:
        >>> share = share_of(torch.tensor([True, True, True, False]))
        >>> share.value, round(share.stderr, 3)
        (0.75, 0.171)
    """
    n, k = hits.numel(), int(hits.sum())
    if n == 0:
        return Estimate(float("nan"), float("nan"))
    p = (k + 2) / (n + 4)
    return Estimate(k / n, (p * (1 - p) / (n + 4)) ** 0.5)
