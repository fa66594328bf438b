"""What a style of script is."""

from dataclasses import dataclass, field

__all__ = ["Style"]


@dataclass(frozen=True)
class Style:
    """How the parts of a training script are arranged.

    Attributes:
        name: As it stands in a program's name.
        layout: Text with slots.
        imports: Further import lines.
        setting: How a setting is referred to; ``{value}`` writes it in place.
        define: How a setting is stated.
        plain: Whether the update may be written by hand (nothing else needs an ``optimizer``).
        slots: Slots that the style fills in its own way.
    """

    name: str
    layout: str
    imports: str = ""
    setting: str = "{value}"
    define: str = ""
    plain: bool = False
    slots: dict[str, str] = field(default_factory=dict)
