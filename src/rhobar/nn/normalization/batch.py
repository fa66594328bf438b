"""Batch normalisation: every channel by its statistics over batch and positions; running averages in evaluation.

Why it helps is unsettled: stable slopes and Jacobians, less covariate shift (disputed by Santurkar et al. 2018), higher
rates.

Reference: Ioffe and Szegedy (2015), Batch normalization, algorithms 1 and 2.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["BatchStatistics", "batch_norm", "batch_norm_inference", "batch_statistics", "updated_running"]


@dataclass(frozen=True)
class BatchStatistics:
    """Mean and biased variance (1/B) of every channel, over `count` numbers each."""

    mean: Float[Tensor, " channels"]
    variance: Float[Tensor, " channels"]
    count: int


def batch_statistics(x: Float[Tensor, "batch channels *positions"]) -> BatchStatistics:
    """Return μ and σ² of every channel: over the batch, and for images over height and width, too.

    Textbook: A75, C73
    """
    each = x.transpose(0, 1).flatten(1)
    return BatchStatistics(each.mean(1), each.var(1, correction=0), each.shape[1])


def batch_norm(
    x: Float[Tensor, "batch channels *positions"],
    scale: Float[Tensor, " channels"] | None = None,
    shift: Float[Tensor, " channels"] | None = None,
    eps: float = 1e-5,
) -> Float[Tensor, "batch channels *positions"]:
    """Return γ (x − μ) / √(σ² + ε) + β with the statistics of this batch, as in training.

    Invariant to a shift and (but for ε) a positive scale of every channel of x, so that a bias before it is redundant;
    γ = √(σ² + ε), β = μ undo it.

    Textbook: A75, A76, A78, C73, C74, C-§7.3.1

    Example:
        >>> batch_norm(torch.tensor([[1.0], [3.0]]), eps=0.0)
        tensor([[-1.],
                [ 1.]])
    """
    s = batch_statistics(x)
    return batch_norm_inference(x, s.mean, s.variance, scale, shift, eps)


def batch_norm_inference(
    x: Float[Tensor, "batch channels *positions"],
    mean: Float[Tensor, " channels"],
    variance: Float[Tensor, " channels"],
    scale: Float[Tensor, " channels"] | None = None,
    shift: Float[Tensor, " channels"] | None = None,
    eps: float = 1e-5,
) -> Float[Tensor, "batch channels *positions"]:
    """Return γ (x − μ) / √(σ² + ε) + β with given statistics, as in evaluation: one affine map for all samples.

    Textbook: A77
    """
    column = (-1, *([1] * (x.ndim - 2)))
    scale, shift = torch.ones_like(mean) if scale is None else scale, torch.zeros_like(mean) if shift is None else shift
    x_hat = (x - mean.view(column)) / torch.sqrt(variance.view(column) + eps)
    return scale.view(column) * x_hat + shift.view(column)


def updated_running(
    mean: Float[Tensor, " channels"],
    variance: Float[Tensor, " channels"],
    batch: BatchStatistics,
    momentum: float = 0.1,
) -> tuple[Float[Tensor, " channels"], Float[Tensor, " channels"]]:
    """Return the running mean and variance after one more batch: (1 − momentum) old + momentum new.

    The new variance is the unbiased one, σ² B / (B − 1), though the batch itself is normalised by the biased one.

    Textbook: A75, A77
    """
    unbiased = batch.variance * batch.count / (batch.count - 1)
    return mean + momentum * (batch.mean - mean), variance + momentum * (unbiased - variance)
