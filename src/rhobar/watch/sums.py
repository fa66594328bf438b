"""Five numbers of every row of a sheet: Σx, Σx², min x, max x, and how many entries are not zero.

With torch these are five reductions, each of which reads the sheet; on a CUDA device where Triton is there, one kernel
reads it once (`rhobar.watch.fused`). The sums of torch are the fall-back and the oracle.
"""

import importlib.util

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["NUM_SUMS", "row_sums", "torch_sums"]

NUM_SUMS = 5


def torch_sums(x: Float[Tensor, "rows n"]) -> Float[Tensor, "5 rows"]:
    """Σx, Σx², min x, max x and #{x ≠ 0} of every row, by one reduction each.

    Example:
        >>> torch_sums(torch.tensor([[3.0, -4.0, 0.0]])).flatten().tolist()
        [-1.0, 25.0, -4.0, 3.0, 2.0]
    """
    nonzero = x.clone().ne_(0).sum(1)
    return torch.stack([x.sum(1), torch.linalg.vecdot(x, x), x.amin(1), x.amax(1), nonzero])


def row_sums(x: Float[Tensor, "rows n"]) -> Float[Tensor, "5 rows"]:
    """Σx, Σx², min x, max x and #{x ≠ 0} of every row, in one pass over x where that can be.

    The extremes of a row that holds a NaN are those of either version, NaN or of the rest: Σx tells that it does.
    """
    if x.is_cuda and importlib.util.find_spec("triton") is not None:
        from rhobar.watch.fused import fused_sums

        return fused_sums(x)
    return torch_sums(x)
