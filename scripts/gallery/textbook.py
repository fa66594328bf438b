"""The items of the textbook, in our own words, and how their ids are written."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Item", "Textbook", "ids_in", "textbook"]

ROOT = Path(__file__).resolve().parent.parent.parent

_ID = r"(?:[ABC]\d{1,2}|C-§\d+(?:\.\d+)*[a-d]?)"
_MENTION = re.compile(rf"(?<![\w§.-])({_ID})(?:–({_ID}))?(?!\w)")


@dataclass(frozen=True)
class Item:
    """One entry.

    Attributes:
        ids: Its ids; several texts may give it.
        title: What it is about.
        section: Where it stands.
    """

    ids: tuple[str, ...]
    title: str
    section: str


@dataclass(frozen=True)
class Textbook:
    """All items, and why some of their ids are carried by nothing.

    Attributes:
        items: In the textbook's order.
        reasons: By id.
    """

    items: tuple[Item, ...]
    reasons: Mapping[str, str]

    @property
    def ids(self) -> list[str]:
        """Every id, in order."""
        return [i for item in self.items for i in item.ids]


def textbook(path: Path = ROOT / "docs" / "textbook.toml") -> Textbook:
    """Read the data file."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    reasons = tables.pop("reasons", {})
    items = [Item(tuple(k.split()), title, section) for section, lines in tables.items() for k, title in lines.items()]
    return Textbook(tuple(items), reasons)


def ids_in(text: str) -> Iterator[str]:
    """Yield the ids that a text names; a range such as C57–C64 is all of them.

    Example:
        >>> list(ids_in("A1[§1.1], C-§2.1.3a, C57–C59 (part 7)"))
        ['A1', 'C-§2.1.3a', 'C57', 'C58', 'C59']
    """
    for first, last in _MENTION.findall(text):
        if last:
            yield from (f"{first[0]}{n}" for n in range(int(first[1:]), int(last[1:]) + 1))
        else:
            yield first
