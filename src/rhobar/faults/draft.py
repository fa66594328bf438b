"""A program before it is written out: slots that a style arranges, and that a fault fills differently.

A slot is written ``<<name>>``. On a line of its own it stands for lines, indented as it is (and the line goes if there
are none); within a line it stands for an expression. What fills a slot may hold slots.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

__all__ = ["Draft", "Facts", "weave"]

_INLINE = re.compile(r"<<(\w+)>>")
_ALONE = re.compile(r"([ \t]*)<<(\w+)>>")
_DEEPEST = 12


@dataclass(frozen=True)
class Facts:
    """What is true of a healthy program, so that a fault knows whether it can occur in it.

    Attributes:
        task: What is predicted.
        kind: Shape of one input: features, (channel, height, width), (time, channel), or word indices.
        num_outputs: Classes, or 1.
        loss: ``cross-entropy``, ``nll``, ``bce-logits``, ``bce``, ``squared`` or ``huber``.
        optimizer: Its class name, or ``by hand``.
        architecture: Name of the architecture.
        norm: Normalisation within the network: ``batch``, ``layer`` or none.
        dropout: Whether there is dropout.
        depth: Hidden layers with an activation.
        rows: Of the whole data set.
        loading: How batches are made: ``loader`` or ``rows``.
        balanced: Whether the score is the mean recall over the classes.
        input_scale: Largest root mean square of a raw input feature.
        target_scale: The same of raw regression targets, 0 elsewhere.
    """

    task: Literal["classes", "binary", "regression"]
    kind: Literal["table", "image", "sequence", "words"]
    num_outputs: int
    loss: str
    optimizer: str
    architecture: str
    norm: str
    dropout: bool
    depth: int
    rows: int
    loading: str
    balanced: bool
    input_scale: float
    target_scale: float

    @property
    def by_hand(self) -> bool:
        """Whether the update is written out in the script."""
        return self.optimizer == "by hand"


@dataclass(frozen=True)
class Draft:
    """The parts of one program.

    Attributes:
        facts: What is true of the healthy program.
        layout: The style's text with slots.
        slots: Text by slot.
        options: Further arguments of the optimizer, as source text by keyword.
        settings: Numbers that people put at the top of a script, as source text by name.
        setting: How the style refers to a setting: ``args.{name}``, or ``{value}`` where it is written in place.
        define: How the style states one, a line of ``{name}`` and ``{value}``; empty where written in place.
        names: Other names for the canonical identifiers.
    """

    facts: Facts
    layout: str
    slots: Mapping[str, str]
    options: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    setting: str = "{value}"
    define: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def fill(self, **slots: str) -> "Draft":
        """Return the draft with other texts in these slots.

        Raises:
            ValueError: If a slot does not exist: a fault must not miss its place silently.
        """
        unknown = sorted(set(slots) - set(self.slots))
        if unknown:
            raise ValueError(f"The slots to fill must exist, got {', '.join(unknown)}; see rhobar.faults.base.")
        return replace(self, slots={**self.slots, **slots})

    def set(self, **settings: object) -> "Draft":
        """Return the draft with other settings.

        Raises:
            ValueError: If the script has no such setting.
        """
        unknown = sorted(set(settings) - set(self.settings))
        if unknown:
            raise ValueError(
                f"The settings must exist, got {', '.join(unknown)}; this script has {list(self.settings)}."
            )
        return replace(self, settings={**self.settings, **{k: str(v) for k, v in settings.items()}})

    def option(self, **options: object) -> "Draft":
        """Return the draft with further or other arguments of the optimizer."""
        return replace(self, options={**self.options, **{k: str(v) for k, v in options.items()}})

    def source(self) -> str:
        """Write the program out."""
        words = {
            n: {"name": n, "NAME": n.upper(), "value": v, "kind": "int" if v.isdigit() else "float"}
            for n, v in self.settings.items()
        }
        chosen = {name: self.setting.format(**of) for name, of in words.items()}
        options = "".join(f", {name}={value}" for name, value in self.options.items())
        lines = "\n".join(self.define.format(**of) for of in words.values() if self.define)
        text = weave(self.layout, {**self.slots, **chosen, "options": options, "settings": lines})
        for name, other in self.names.items():
            text = re.sub(rf"\b{name}\b", other, text)
        return re.sub(r"\n{4,}", "\n\n\n", text).strip() + "\n"


def weave(text: str, slots: Mapping[str, str], *, depth: int = 0) -> str:
    r"""Fill the slots of a text.

    Args:
        text: Lines with slots.
        slots: What they stand for.
        depth: How deep this text lies within others.

    Raises:
        ValueError: If a slot is unknown or holds itself, or lines are to be put within a line.

    Example:
        >>> weave("if x:\n    <<body>>\nprint(<<what>>)", {"body": "a = 1\nb = 2", "what": "a"})
        'if x:\n    a = 1\n    b = 2\nprint(a)'
    """
    if depth > _DEEPEST:
        raise ValueError(f"Slots must lie at most {_DEEPEST} deep, got more at {text[:60]!r}; one holds itself.")
    out: list[str] = []
    for line in text.split("\n"):
        alone = _ALONE.fullmatch(line)
        if alone:
            block = _filling(alone[2], slots, depth)
            out += [alone[1] + inner if inner else inner for inner in block.split("\n")] if block else []
            continue
        filled = _INLINE.sub(lambda found: _filling(found[1], slots, depth), line)
        if "\n" in filled:
            raise ValueError(f"A slot within a line must hold one line, got {filled!r}.")
        out.append(filled)
    return "\n".join(out)


def _filling(name: str, slots: Mapping[str, str], depth: int) -> str:
    if name not in slots:
        raise ValueError(f"Every slot must be filled, got nothing for <<{name}>>.")
    return weave(slots[name], slots, depth=depth + 1)
