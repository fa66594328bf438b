"""One layer's block of the Fisher matrix: what it needs, and what it gives."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

__all__ = ["Block", "Factors", "Seen"]

Factors = dict[str, Tensor]
"""Named statistics of a layer, or what is derived from them."""


@dataclass(frozen=True)
class Seen:
    """One call of a layer.

    Attributes:
        x: Its input.
        delta: δ = ∂/∂y Σ −log p(y_sampled | f), the gradient of the *summed* sampled loss at its output.
    """

    x: Tensor
    delta: Tensor


class Block(ABC):
    """How one kind of layer is approximated.

    Attributes:
        module: The layer.
        weight: Its weight, if that is trained.
        bias: Its bias, if that is trained.
    """

    def __init__(self, module: nn.Module, weight: nn.Parameter | None, bias: nn.Parameter | None) -> None:
        self.module, self.weight, self.bias = module, weight, bias

    @property
    def params(self) -> list[nn.Parameter]:
        """The trained parameters, weight first."""
        return [p for p in (self.weight, self.bias) if p is not None]

    @staticmethod
    @abstractmethod
    def refusal(module: nn.Module) -> str | None:
        """Say why this layer cannot be approximated; None if it can."""

    @abstractmethod
    def factors(self, calls: list[Seen], num_predictions: int) -> Factors:
        """Return the statistics of one batch, such that they give the Fisher matrix of the *mean* loss."""

    @abstractmethod
    def invert(self, factors: Factors) -> Factors:
        """Return what `precondition` needs, whatever the damping."""

    @abstractmethod
    def precondition(self, inverse: Factors, grads: list[Tensor], damping: float) -> list[Tensor]:
        """Return (F + λI)⁻¹ g for the gradients of `params`."""
