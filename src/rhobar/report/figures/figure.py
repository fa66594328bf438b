"""A figure and the marks that a diagnosis sets in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

__all__ = ["Figure", "Instant", "Level", "Marks", "kind_of"]


@dataclass(frozen=True)
class Figure:
    """A drawing with the words that belong to it.

    Attributes:
        key: What it shows: ``loss``, ``gradient``, ``depth``, ``activation``, ``update`` or ``graph``.
        title: What is to be seen, with its numbers.
        caption: How to read it.
        svg: The drawing, with its own title and description.
    """

    key: str
    title: str
    caption: str
    svg: Markup


@dataclass(frozen=True)
class Level:
    """A threshold, drawn as a line across the figure.

    Attributes:
        value: Where, on the figure's own axis.
        label: The finding that it belongs to.
        kind: ``cause`` or ``symptom``.
        quantity: What is held against it, in words.
    """

    value: float
    label: str
    kind: str
    quantity: str = ""


@dataclass(frozen=True)
class Instant:
    """A step at which something happened."""

    step: int
    label: str
    kind: str


@dataclass(frozen=True)
class Marks:
    """What a diagnosis points at in one figure.

    Attributes:
        names: Modules and parameters concerned, each with the kind of finding (``cause`` or ``symptom``).
        levels: Thresholds on the figure's own axis.
        instants: Steps.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    levels: tuple[Level, ...] = ()
    instants: tuple[Instant, ...] = ()


def kind_of(name: str, marks: Marks) -> str | None:
    """Return the kind of finding that names this module or parameter, or one that holds or belongs to it.

    Example:
        >>> kind_of("head.weight", Marks({"head": "cause"})), kind_of("header", Marks({"head": "cause"}))
        ('cause', None)
    """
    kinds = {
        kind
        for marked, kind in marks.names.items()
        if marked and (name == marked or name.startswith(f"{marked}.") or marked.startswith(f"{name}."))
    }
    return next((kind for kind in ("cause", "symptom", "note") if kind in kinds), None)
