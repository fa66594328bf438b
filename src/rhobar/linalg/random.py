"""Random vectors from an explicit generator, on the operator's device and in its dtype."""

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg.operator import LinearOperator

__all__ = ["gaussian", "rademacher", "unit"]


def rademacher(A: LinearOperator, num: int, generator: torch.Generator | None = None) -> Float[Tensor, "num n"]:
    """Return rows v of independent signs, so that E[v vᵀ] = I and ‖v‖² = n."""
    device = A.device if generator is None else generator.device
    bits = torch.randint(2, (num, A.shape[1]), generator=generator, device=device, dtype=torch.int8)
    signs: Tensor = 2 * bits - 1
    return signs.to(A.device, A.dtype)


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
