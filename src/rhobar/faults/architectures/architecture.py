"""What an architecture of the laboratory is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Architecture"]


@dataclass(frozen=True)
class Architecture:
    """Source text of a network, and what is true of it.

    Attributes:
        name: As it stands in a program's name.
        about: A noun phrase for the program's first line.
        kinds: Kinds of input that it reads.
        model: Definitions (classes, functions).
        build: Lines that leave ``model``.
        init: Lines that draw the weights, where the script does that itself.
        settings: Width and dropout rate, as source text.
        norm: ``batch``, ``layer`` or none.
        depth: Hidden layers with an activation.
        rate: Factor of the usual learning rate.
        call: Prediction from ``{x}``.
        parameters: What the optimizer gets.
        module: Whether ``model`` is an ``nn.Module``.
    """

    name: str
    about: str
    kinds: tuple[str, ...]
    model: str
    build: str
    init: str = ""
    settings: Mapping[str, str] = field(default_factory=lambda: {"width": "32"})
    norm: str = ""
    depth: int = 2
    rate: float = 1.0
    call: str = "model({x})"
    parameters: str = "model.parameters()"
    module: bool = True
