"""One row of the table of architectures: what it is called, how it is built, what goes in and what comes out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

__all__ = ["Architecture", "Inputs", "Task", "images", "pixels", "squares", "tokens", "vectors"]

Inputs = Callable[[int, int, torch.Generator], tuple[Tensor, ...]]
Task = Literal[
    "classify",
    "next token",
    "masked token",
    "translate",
    "decode",
    "encode",
    "reconstruct",
    "generate",
    "discriminate",
    "embed",
    "classify nodes",
]


@dataclass(frozen=True)
class Architecture:
    """An architecture, to be listed and to be held to the laws of all architectures.

    Attributes:
        name: As in `rhobar models`.
        num_parameters: At the size of the paper.
        paper: Authors and year.
        summary: One line.
        textbook: Ids of the textbook index.
        make: Builds the size of the paper.
        small: Builds a size for tests; variants that differ only in size share it.
        inputs: Makes the arguments of `small` from batch, size and generator.
        sizes: Sides, lengths or numbers of nodes that `small` must accept, odd ones among them.
        outputs: Shapes of what `small` returns for batch and size.
        task: What it is for, from which a test knows a fitting loss.
        drawn: What is drawn at random in training, nothing in evaluation.
        couples_batch: Whether in training, by batch norm, an answer depends on the other inputs of its batch.
    """

    name: str
    num_parameters: int
    paper: str
    summary: str
    textbook: tuple[str, ...]
    make: Callable[[], nn.Module]
    small: Callable[[], nn.Module]
    inputs: Inputs
    sizes: tuple[int, ...]
    outputs: Callable[[int, int], tuple[tuple[int, ...], ...]]
    task: Task
    drawn: str = ""
    couples_batch: bool = False


def vectors(features: int) -> Inputs:
    """One vector for each input; the size does not matter."""
    return lambda batch, size, generator: (torch.randn(batch, features, generator=generator),)


def pixels(features: int) -> Inputs:
    """One vector of pixels in [0, 1) for each input; the size does not matter."""
    return lambda batch, size, generator: (torch.rand(batch, features, generator=generator),)


def images(channels: int) -> Inputs:
    """Standard normal images that are one pixel wider than high."""
    return lambda batch, size, generator: (torch.randn(batch, channels, size, size + 1, generator=generator),)


def squares(channels: int) -> Inputs:
    """Standard normal square images."""
    return lambda batch, size, generator: (torch.randn(batch, channels, size, size, generator=generator),)


def tokens(vocabulary: int) -> Inputs:
    """Sequences of tokens drawn uniformly."""
    return lambda batch, size, generator: (torch.randint(vocabulary, (batch, size), generator=generator),)
