"""The parameters of a model that are matrices, or stand for one."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rhobar.probes.second_order import eager

__all__ = ["as_matrix", "energy_kept", "least_rank", "matrix_parameters"]


def matrix_parameters(model: nn.Module, names: Sequence[str] | None = None) -> dict[str, Tensor]:
    """Return the parameters with two dimensions or more, a tied one once, by name.

    Args:
        model: Any module.
        names: Which of them; by default all with two rows and two columns at least.

    Raises:
        ValueError: If a name is not that of such a parameter, or there is none.
    """
    known: dict[str, Tensor] = {name: p for name, p in eager(model).named_parameters() if p.dim() >= 2}
    if names is not None:
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ValueError(f"names must be those of matrices or kernels, got {unknown}; the model has {list(known)}.")
        return {name: known[name] for name in names}
    found = {name: p for name, p in known.items() if min(as_matrix(p).shape) > 1}
    if not found:
        raise ValueError("The model must have a parameter with two rows and two columns at least, and has none.")
    return found


def as_matrix(p: Tensor) -> Tensor:
    """Return the parameter as outputs × (inputs · places), in float64.

    Example:
        >>> tuple(as_matrix(nn.Conv2d(3, 8, 5).weight).shape)
        (8, 75)
    """
    return torch.as_tensor(p.detach()).double().flatten(1)


def energy_kept(sigma: Tensor, rank: int) -> float:
    """Return the share of ‖W‖_F² that the best approximation of this rank keeps, from the singular values."""
    total = sigma.square().sum().item()
    return sigma[:rank].square().sum().item() / total if total else 1.0


def least_rank(sigma: Tensor, energy: float) -> int:
    """Return the least rank, one at least, that keeps a share of ‖W‖_F².

    Raises:
        ValueError: If the share is not in (0, 1].
    """
    if not 0 < energy <= 1:
        raise ValueError(f"energy must be a share in (0, 1], got {energy}.")
    shares = sigma.square().cumsum(0) / sigma.square().sum().clamp_min(1e-300)
    return min(int((shares < energy - 1e-12).sum()) + 1, len(sigma))
