"""Which parameters span the space of a curvature matrix, and where each lies in its vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.probes.second_order import eager

__all__ = ["ParameterSpace", "layer_names"]


@dataclass(frozen=True)
class ParameterSpace:
    """Named parameters, flattened one after the other.

    Attributes:
        names: Their names in the model; a tied parameter has its first name only.
        shapes: Their shapes.
        dtype: Of the vectors: the widest of the parameters', float32 at least.
        device: Of the vectors: the first parameter's.

    Example:
        >>> space = ParameterSpace.of(nn.Linear(3, 2))
        >>> space.names, space.size
        (('weight', 'bias'), 8)
        >>> [tuple(x.shape) for x in space.split(torch.zeros(8))]
        [(2, 3), (2,)]
    """

    names: tuple[str, ...]
    shapes: tuple[torch.Size, ...]
    dtype: torch.dtype
    device: torch.device

    @classmethod
    def of(cls, model: nn.Module, names: Sequence[str] | None = None) -> "ParameterSpace":
        """Return the space of the named parameters, by default of all that require gradients.

        Raises:
            ValueError: If there is none, or a name is not that of a parameter.
        """
        known = dict(eager(model).named_parameters())
        if names is None:
            names = [name for name, p in known.items() if p.requires_grad]
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ValueError(f"names must be those of parameters, got {unknown}; the model has {list(known)}.")
        if not names or len(set(names)) != len(names):
            raise ValueError(
                f"names must hold each parameter once, and one at least, got {list(names)}; unfreeze a parameter "
                "or name the frozen ones that you mean."
            )
        params = [known[name] for name in names]
        dtype = reduce(torch.promote_types, (p.dtype for p in params), torch.float32)
        return cls(tuple(names), tuple(p.shape for p in params), dtype, params[0].device)

    @property
    def size(self) -> int:
        """The number n of scalars."""
        return sum(shape.numel() for shape in self.shapes)

    def split(self, v: Float[Tensor, " n"]) -> list[Tensor]:
        """Return views of a vector in the parameters' shapes."""
        parts = v.split([shape.numel() for shape in self.shapes])
        return [part.view(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def flatten(self, parts: Sequence[Tensor | None]) -> Float[Tensor, " n"]:
        """Return one vector of the parts; those that are `None` are zero."""
        flat = [
            torch.zeros(shape.numel(), dtype=self.dtype, device=self.device)
            if part is None
            else part.reshape(-1).to(self.device, self.dtype)
            for part, shape in zip(parts, self.shapes, strict=True)
        ]
        return torch.cat(flat)


def layer_names(model: nn.Module) -> dict[str, tuple[str, ...]]:
    """Return the names of the trainable parameters that each module holds itself, by the module's name.

    The curvature of one layer is `hessian(model, loss, batches, names=layer_names(model)["0"])`, a diagonal block of
    the whole matrix.

    Example:
        >>> layer_names(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1, bias=False)))
        {'0': ('0.weight', '0.bias'), '2': ('2.weight',)}
    """
    layers: dict[str, tuple[str, ...]] = {}
    for name, p in eager(model).named_parameters():
        if p.requires_grad:
            owner = name.rpartition(".")[0]
            layers[owner] = (*layers.get(owner, ()), name)
    return layers
