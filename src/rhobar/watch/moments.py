"""Mean, RMS, extremes, zeros and non-finite share of many tensors, from a bounded number of elements of each.

What a reading costs is the number of kernels, not of elements: the samples of all tensors of a step lie as rows of one
matrix, short ones padded with zeros (which change no sum and no largest magnitude), and are reduced together.
"""

import math
from typing import Any

import torch
from torch import Tensor

from rhobar.record import Moments
from rhobar.watch.sums import row_sums

__all__ = ["MAX_READ", "Sheet", "local", "moments", "real", "sampled", "spread"]

MAX_READ = 1 << 12
"""Elements read of one tensor: the relative standard error of an RMS is then about 1/√(2·4096) ≈ 1.1 %
for Gaussian entries, far below any factor that a finding acts on."""
CHUNK = 16
"""Elements that are read side by side: one cache line of float32, so that a sample of n costs n/16 misses, not n."""
ROWS = 64
"""Rows of one block of a sheet (1 MB)."""


def local(x: Tensor) -> Tensor:
    """This rank's part of a tensor that is spread over ranks (a DTensor); others as they are.

    What is asked of the whole would be asked of all ranks, and wait for them.
    """
    if type(x).__name__ != "DTensor":
        return x
    spread: Any = x
    part: Tensor = spread._local_tensor
    return part


def real(x: Tensor) -> Tensor:
    """A complex tensor as pairs of real and imaginary parts along a new last axis; others as they are."""
    return torch.view_as_real(x.resolve_conj()) if x.is_complex() else x


def sampled(x: Tensor, limit: int = MAX_READ) -> Tensor:
    """At most `limit` elements of x as a flat tensor, evenly spread, without copying more than it returns."""
    x = local(x)
    x = real(x.detach() if x.requires_grad else x)
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


def spread(x: Tensor, limit: int = MAX_READ) -> Tensor:
    """At most `limit` elements of x in chunks of CHUNK, evenly spread over the memory it fills; any shape."""
    size = x.numel()
    if size > limit and x.layout is torch.strided and not x.is_nested and not x.is_complex() and _fills(x):
        chunks = limit // CHUNK
        step = (size - CHUNK) // (chunks - 1)
        # A step that shares no factor with the row length visits all columns.
        while x.ndim > 1 and step > CHUNK and math.gcd(step, x.shape[-1]) != 1:
            step -= 1
        return x.detach().as_strided((chunks, CHUNK), (step, 1))
    return sampled(x, limit)


def _fills(x: Tensor) -> bool:
    """Whether the elements of x lie together in memory, in whatever order, each once."""
    if x.is_contiguous():
        return True
    expected = 1
    for stride, size in sorted(zip(x.stride(), x.shape, strict=True)):
        if size > 1:
            if stride != expected:
                return False
            expected *= size
    return True


class Sheet:
    """Samples of the tensors of one step, a row each.

    Example:
        >>> sheet = Sheet()
        >>> row = sheet.add(torch.tensor([3.0, -4.0, 0.0]))
        >>> sheet.moments()[row].max_abs
        4.0
    """

    def __init__(self) -> None:
        self._blocks: list[Tensor] = []
        self._rows: list[Tensor] = []
        self._filled: list[int] = []
        self._sizes: list[tuple[int, int]] = []
        self._places: dict[tuple[int, tuple[int, ...], tuple[int, ...]], int] = {}
        self._alive: list[Tensor] = []

    def start(self) -> None:
        """Begin a new step; memory is kept."""
        self._sizes = []
        self.forget()

    def forget(self) -> None:
        """Let go of the tensors that were added: what comes may lie where they lay."""
        self._places, self._alive = {}, []

    def add(self, x: Tensor, *, again: bool = False) -> int:
        """Copy a sample of x into the next row; returns the row.

        Args:
            x: Any tensor.
            again: It may be added again until `forget` is called, and shall share its row then.
        """
        key = None
        if again and x.layout is torch.strided and not x.is_nested:
            key = (x.data_ptr(), tuple(x.shape), x.stride())
            if key in self._places:
                return self._places[key]
        sample, index = spread(x), len(self._sizes)
        if index == len(self._rows) or self._rows[index].device != sample.device:
            self._grow(index, sample.device)
        row, read = self._rows[index], sample.numel()
        row[:read].view(sample.shape).copy_(sample)
        if self._filled[index] > read:
            row[read:].zero_()
        self._filled[index] = read
        self._sizes.append((x.numel(), read))
        if key is not None:
            self._places[key] = index
            self._alive.append(x)
        return index

    def _grow(self, index: int, device: torch.device) -> None:
        """Another block of rows; on another device all rows move there."""
        blocks = [block.to(device) for block in self._blocks]
        if index == len(self._rows):
            blocks.append(torch.zeros(ROWS, MAX_READ, device=device))
            self._filled += [0] * ROWS
        self._blocks, self._rows = blocks, [row for block in blocks for row in block]

    def moments(self) -> list[Moments]:
        """The moments of every row."""
        found: list[Moments] = []
        for block in self._blocks:
            count = min(ROWS, len(self._sizes) - len(found))
            if count <= 0:
                break
            x = block[:count]
            table = row_sums(x).tolist()
            for i, values in enumerate(zip(*table, strict=True)):
                size, read = self._sizes[len(found)]
                found.append(_moments(size, read, values, x[i]))
        return found


def _moments(size: int, n: int, values: tuple[float, ...], row: Tensor) -> Moments:
    """One row's moments from its sums; the row itself is looked at only where it holds a NaN or an infinity."""
    if n == 0:
        return Moments(size, 0, 0.0, 0.0, 0.0, 0.0, 0.0)
    total, square, low, high, nonzero = values
    if math.isfinite(total) and math.isfinite(square):
        return Moments(size, n, total / n, math.sqrt(square / n), max(abs(low), abs(high)), 1 - nonzero / n, 0.0)
    flat = row[:n]
    finite = flat[torch.isfinite(flat)].double()
    bad = 1 - finite.numel() / n
    if finite.numel() == 0:
        return Moments(size, n, math.nan, math.nan, math.nan, 0.0, bad)
    mean, rms = finite.mean().item(), finite.square().mean().sqrt().item()
    return Moments(size, n, mean, rms, finite.abs().amax().item(), 1 - nonzero / n, bad)


def moments(x: Tensor) -> Moments:
    """Read the moments of one tensor; an empty one has zero moments."""
    sheet = Sheet()
    sheet.add(x)
    return sheet.moments()[0]
