"""Mean, RMS, extremes, zeros and non-finite share of a tensor, from a bounded number of its elements."""

import math

import torch
from torch import Tensor

from rhobar.record import Moments

__all__ = ["MAX_READ", "moments", "real", "sampled"]

MAX_READ = 1 << 14
"""Elements read of one tensor: the relative standard error of an RMS is then below 1/√(2·16384) ≈ 0.6 %
for Gaussian entries, far below any factor that a finding acts on."""


def real(x: Tensor) -> Tensor:
    """A complex tensor as pairs of real and imaginary parts along a new last axis; others as they are."""
    return torch.view_as_real(x.resolve_conj()) if x.is_complex() else x


def sampled(x: Tensor, limit: int = MAX_READ) -> Tensor:
    """At most `limit` elements of x as a flat tensor, evenly spread, without copying more than it returns."""
    x = real(x.detach())
    if x.is_nested:
        x = torch.cat([part.reshape(-1) for part in x.unbind()])
    if x.layout != torch.strided:
        x = x.coalesce().values() if x.layout == torch.sparse_coo else x.to_dense()
    if x.numel() <= limit:
        return x.reshape(-1)
    if x.is_contiguous():
        stride = -(-x.numel() // limit)
        # A stride that shares no factor with the row length visits all columns.
        while x.ndim > 1 and math.gcd(stride, x.shape[-1]) != 1:
            stride += 1
        return x.view(-1)[::stride]
    while x.numel() > limit:
        longest = max(range(x.ndim), key=x.shape.__getitem__)
        stride = min(-(-x.numel() // limit), max(2, math.isqrt(x.shape[longest])))
        x = x[(slice(None),) * longest + (slice(None, None, stride),)]
    return x.reshape(-1)


def moments(x: Tensor, limit: int = MAX_READ) -> Moments:
    """Read the moments of x; an empty tensor has zero moments."""
    flat = sampled(x, limit)
    # One pass over far-spread elements, then kernels on memory that lies together.
    flat = flat.to(torch.float32).contiguous()
    n = flat.numel()
    if n == 0:
        return Moments(0, 0, 0.0, 0.0, 0.0, 0.0, 0.0)
    low, high = torch.aminmax(flat)
    values = [flat.sum(), flat.dot(flat), low, high, torch.count_nonzero(flat)]
    total, square, low_, high_, nonzero = (
        [v.item() for v in values] if flat.is_cpu else torch.stack([v.to(torch.float32) for v in values]).tolist()
    )
    if math.isfinite(total) and math.isfinite(square):
        return Moments(x.numel(), n, total / n, math.sqrt(square / n), max(abs(low_), abs(high_)), 1 - nonzero / n, 0.0)
    finite = flat[torch.isfinite(flat)].double()
    bad = 1 - finite.numel() / n
    if finite.numel() == 0:
        return Moments(x.numel(), n, math.nan, math.nan, math.nan, 0.0, bad)
    mean, rms = finite.mean().item(), finite.square().mean().sqrt().item()
    return Moments(x.numel(), n, mean, rms, finite.abs().amax().item(), 1 - nonzero / n, bad)
