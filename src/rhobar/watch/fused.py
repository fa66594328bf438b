"""The sums of `rhobar.watch.sums` in one pass over memory, as a Triton kernel: one program a row.

Imported only where Triton is there and a tensor lies on a CUDA device.

Reference: Tillet, Kung, Cox (2019), Triton: a language and compiler for tiled neural networks.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

__all__ = ["fused_sums"]

BLOCK = 1024
"""Elements that a program holds at a time."""


@triton.jit
def _sums(x_ptr, out_ptr, n, stride, rows, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Σx, Σx², min x, max x and #{x ≠ 0} of row `program_id(0)` into column `program_id(0)` of out (5, rows)."""
    row = tl.program_id(0)
    lanes = tl.arange(0, BLOCK)
    total = tl.zeros([BLOCK], tl.float32)
    square = tl.zeros([BLOCK], tl.float32)
    low = tl.full([BLOCK], float("inf"), tl.float32)
    high = tl.full([BLOCK], float("-inf"), tl.float32)
    nonzero = tl.zeros([BLOCK], tl.float32)
    for start in range(0, n, BLOCK):
        there = start + lanes < n
        x = tl.load(x_ptr + row * stride + start + lanes, mask=there, other=0.0).to(tl.float32)
        total += x
        square += x * x
        low = tl.minimum(low, tl.where(there, x, float("inf")))
        high = tl.maximum(high, tl.where(there, x, float("-inf")))
        nonzero += tl.where(x != 0, 1.0, 0.0)
    tl.store(out_ptr + row, tl.sum(total, 0))
    tl.store(out_ptr + rows + row, tl.sum(square, 0))
    tl.store(out_ptr + 2 * rows + row, tl.min(low, 0))
    tl.store(out_ptr + 3 * rows + row, tl.max(high, 0))
    tl.store(out_ptr + 4 * rows + row, tl.sum(nonzero, 0))


def fused_sums(x: Tensor) -> Tensor:
    """Σx, Σx², min x, max x and #{x ≠ 0} of every row of x (rows, n), as (5, rows); entries of a row lie together."""
    rows, n = x.shape
    out = torch.empty(5, rows, device=x.device)
    _sums[(rows,)](x, out, n, x.stride(0), rows, BLOCK=BLOCK)
    return out
