"""What is known of a normalisation: one row of the table."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

__all__ = ["Normalization"]


@dataclass(frozen=True)
class Normalization:
    """A normalisation of tensors of shape (batch, channels, *positions).

    Attributes:
        name: Its key in the table.
        equation: In print.
        formula: By its equation, without scale and shift, as in training; the oracle.
        production: Torch's, of the same arguments.
        module: Builds torch's layer for a number of channels.
        over: Over which axes the statistics run.
        centres: Whether it removes the mean.
        uses_batch: Whether a sample's output depends on the others of its batch in training.
        summary: One line for the catalogue.
        reference: Where it comes from.
        textbook: The ids it carries.
    """

    name: str
    equation: str
    formula: Callable[[Tensor], Tensor]
    production: Callable[[Tensor], Tensor]
    module: Callable[[int], nn.Module]
    over: str
    centres: bool
    uses_batch: bool
    summary: str
    reference: str
    textbook: str = ""
