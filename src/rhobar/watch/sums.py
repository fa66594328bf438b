"""Five numbers of every row of a sheet: Σx, Σx², min x, max x, and how many entries are not zero.

With torch these are five reductions, each of which reads the sheet; on a CUDA device where Triton is there, one kernel
reads it once (`rhobar.watch.fused`). The sums of torch are the fall-back and the oracle.
"""

import functools
import importlib.util
from collections.abc import Callable

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
    kernel = _kernel(x.device) if x.is_cuda else None
    return torch_sums(x) if kernel is None else kernel(x)


@functools.cache
def _kernel(device: torch.device) -> Callable[[Tensor], Tensor] | None:
    """The kernel, if Triton is there, can compile it for this device, and it gives what torch gives."""
    if importlib.util.find_spec("triton") is None:
        return None
    try:
        from rhobar.watch.fused import fused_sums

        x = torch.linspace(-2, 3, 3 * 1100, device=device).reshape(3, 1100)
        return fused_sums if torch.allclose(fused_sums(x), torch_sums(x), rtol=1e-3, atol=1e-2) else None
    except Exception:  # no compiler, a device that Triton does not know: torch's own reductions do
        return None
