"""Random vectors from an explicit generator, on the operator's device and in its dtype."""

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg.operator import LinearOperator

__all__ = ["gaussian", "rademacher", "unit"]


_BYTES = 2.0 * ((torch.arange(256)[:, None] >> torch.arange(8)) & 1) - 1
"""The bits of every byte as signs: drawing bit by bit takes ten times as long, half of a product."""


def rademacher(A: LinearOperator, num: int, generator: torch.Generator | None = None) -> Float[Tensor, "num n"]:
    """Return rows v of independent signs, so that E[v vᵀ] = I and ‖v‖² = n."""
    device = A.device if generator is None else generator.device
    n = A.shape[1]
    drawn = torch.randint(256, (num * ((n + 7) // 8),), generator=generator, device=device)  # eight signs each
    signs: Tensor = _BYTES.to(device, A.dtype).index_select(0, drawn).view(num, -1)[:, :n]
    return signs.to(A.device)


def gaussian(A: LinearOperator, num: int, generator: torch.Generator | None = None) -> Float[Tensor, "num n"]:
    """Return rows v of independent standard normal entries."""
    device = A.device if generator is None else generator.device
    wide = A.dtype if A.dtype == torch.float64 else torch.float32
    return torch.randn(num, A.shape[1], generator=generator, device=device, dtype=wide).to(A.device, A.dtype)


def unit(A: LinearOperator, generator: torch.Generator | None = None) -> Float[Tensor, " n"]:
    """Return one vector, uniform on the unit sphere."""
    device = A.device if generator is None else generator.device
    v = torch.randn(A.shape[1], generator=generator, device=device, dtype=torch.float64)
    direction: Tensor = v / torch.linalg.vector_norm(v)
    return direction.to(A.device, A.dtype)
