"""The threshold unit of McCulloch and Pitts: binary inputs, fixed weights, all or nothing.

Textbook: C1, C-§1.1, C-§2.1.1

Reference: McCulloch and Pitts (1943), A logical calculus of the ideas immanent in nervous activity.
"""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

__all__ = ["AND", "NOT", "OR", "LogicUnit", "mcculloch_pitts"]


def mcculloch_pitts(
    x: Float[Tensor, "*batch n"],
    weight: Float[Tensor, " n"],
    threshold: float,
    *,
    inhibitory: Bool[Tensor, " n"] | None = None,
) -> Float[Tensor, "*batch"]:
    """Return 1 if Σ wᵢ xᵢ ≥ θ, else 0.

    Args:
        x: Binary inputs.
        weight: w, fixed and not learned.
        threshold: θ.
        inhibitory: Inputs of absolute inhibition, as in 1943: any of them active silences the unit, whatever the sum.

    Raises:
        ValueError: If an input is neither 0 nor 1.

    Example:
        >>> import torch
        >>> mcculloch_pitts(torch.tensor([[0.0, 1.0], [1.0, 1.0]]), torch.ones(2), 2.0)
        tensor([0., 1.])
    """
    if not bool(((x == 0) | (x == 1)).all()):
        raise ValueError(f"x must be 0 or 1, got values from {x.min().item():.6g} to {x.max().item():.6g}.")
    fires = (x * weight).sum(-1) >= threshold
    if inhibitory is not None:
        fires &= ~(x.bool() & inhibitory).any(-1)
    return fires.to(x.dtype)


@dataclass(frozen=True)
class LogicUnit:
    """A threshold unit that computes a logical function.

    Attributes:
        weight: w.
        threshold: θ.

    Example:
        >>> import torch
        >>> OR(torch.tensor([[0.0, 0.0], [0.0, 1.0]]))
        tensor([0., 1.])
    """

    weight: tuple[float, ...]
    threshold: float

    def __call__(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch"]:
        """Return 1 where the unit fires, else 0."""
        return mcculloch_pitts(x, x.new_tensor(self.weight), self.threshold)


AND = LogicUnit((1.0, 1.0), 2.0)
OR = LogicUnit((1.0, 1.0), 1.0)
NOT = LogicUnit((-1.0,), 0.0)
"""NOT needs a negative weight, or an inhibitory input and θ = 0. XOR is no such unit: see `separability`."""
