"""What is known of an initialiser of one weight: one row of the table."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

__all__ = ["Initializer"]


@dataclass(frozen=True)
class Initializer:
    """A rule for the random start of one weight tensor.

    Attributes:
        name: Its key in the table.
        equation: In print; n is the fan-in, m the fan-out.
        variance: The variance of an entry, from fan-in and fan-out.
        production: Fills a weight in place, by torch; takes ``generator`` and, where it has a choice, ``distribution``.
        distributions: What `distribution` may be.
        keeps: What it preserves: the signal, the gradient, a compromise of both, or all lengths.
        suits: Activations (keys of ACTIVATIONS) whose gain it makes good.
        summary: One line for the catalogue.
        reference: Where it comes from.
        textbook: The ids it carries.
    """

    name: str
    equation: str
    variance: Callable[[int, int], float]
    production: Callable[..., Tensor]
    distributions: tuple[str, ...]
    keeps: str
    suits: tuple[str, ...]
    summary: str
    reference: str
    textbook: str = ""
