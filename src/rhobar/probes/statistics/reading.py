"""Which elements of a tensor are read: whole positions, all units at each, spread over the tensor at random.

A tensor of U units (channels, features) holds N/U positions (samples, places, times), at each of which all units are
read. So every unit is read equally often, and the error of a mean comes from how the positions differ, whatever the
units at one position have in common. One position is drawn from each of P equal stretches.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["Read", "read"]


@dataclass(frozen=True)
class Read:
    """What was read.

    Attributes:
        values: One row a position.
        num_positions: How many there are in the tensor.
    """

    values: Float[Tensor, "positions units"]
    num_positions: int

    @property
    def exact(self) -> bool:
        """Whether that is everything."""
        return len(self.values) == self.num_positions


def read(x: Tensor, unit_dim: int, max_elements: int | None, generator: torch.Generator) -> Read:
    """Read at most about `max_elements` elements of a tensor, and two positions at least; `None` reads all.

    Args:
        x: A tensor with at least one element.
        unit_dim: Its dimension of units.
        max_elements: The bound.
        generator: Chooses the positions.

    Example:
        >>> read(torch.arange(12.0).view(2, 3, 2), 1, None, torch.Generator()).values.tolist()
        [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0], [6.0, 8.0, 10.0], [7.0, 9.0, 11.0]]
    """
    if x.dim() == 0:
        return Read(x.reshape(1, 1), 1)
    unit_dim %= x.dim()
    before, units = x.shape[:unit_dim].numel(), x.shape[unit_dim]
    parts = x.reshape(before, units, -1)
    total = before * parts.shape[2]
    wanted = total if max_elements is None else max(2, max_elements // units)
    if wanted >= total:
        return Read(parts.transpose(1, 2).reshape(total, units), total)
    stretch = torch.rand(wanted, generator=generator, device=generator.device, dtype=torch.float64)
    starts = torch.arange(wanted, dtype=torch.float64, device=generator.device)
    chosen = ((starts + stretch) * (total / wanted)).long().clamp_max(total - 1).to(x.device)
    return Read(parts[chosen // parts.shape[2], :, chosen % parts.shape[2]], total)
