"""What is known of a loss: one row of the table."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Example", "Loss"]

Example = Callable[[torch.Generator], tuple[Tensor, ...]]
"""Draws valid arguments in double precision, the predictions first."""


@dataclass(frozen=True)
class Loss:
    """A loss ℓ and the likelihood that it is the negative logarithm of.

    Attributes:
        name: Its key in the table.
        equation: In print.
        formula: The mean loss by its equation; the oracle.
        production: The mean loss as training should compute it, with every argument checked.
        likelihood: The distribution of the targets that it assumes, in words; or why there is none.
        log_likelihood: The mean log-likelihood, by torch.distributions where torch has it, of the same arguments:
            production + log_likelihood does not depend on the predictions. None if there is no likelihood.
        example: Draws valid arguments.
        num_predictions: How many of the arguments, from the first, are predictions and carry gradients.
        takes_logits: Whether the first argument is a score of any size, safe at ±10⁴.
        summary: One line for the catalogue.
        reference: Where it comes from.
        textbook: The ids it carries.
    """

    name: str
    equation: str
    formula: Callable[..., Tensor]
    production: Callable[..., Tensor]
    likelihood: str
    log_likelihood: Callable[..., Tensor] | None
    example: Example
    summary: str
    reference: str
    textbook: str = ""
    num_predictions: int = 1
    takes_logits: bool = True
