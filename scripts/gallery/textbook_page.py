"""The page that maps every id of the textbook to what carries it."""

from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby

from scripts.gallery.carriers import Carriers
from scripts.gallery.textbook import Item, Textbook

__all__ = ["slug", "textbook_page"]

_HEAD = """# The textbook, carried

What three texts on the mathematics of deep learning teach, in our own words, and where it lives here: the function that
is the formula, the test that holds it to its word, the experiment that shows it on this machine, the finding that
catches it in a training. Letters name the text (A an essay on foundations, B an overview, C a study guide), numbers the
place. {carried} of {total} ids are carried; of the others the reason is given.
"""
_SHOWN = 4


def slug(id_: str) -> str:
    """Return an id as the name of an anchor.

    Example:
        >>> slug("C-§2.1.3a")
        'C-2.1.3a'
    """
    return id_.replace("§", "")


def textbook_page(book: Textbook, carried: Mapping[str, Carriers], places: Mapping[str, str]) -> str:
    """Return the page.

    Args:
        book: The items.
        carried: What carries each id.
        places: Addresses of functions and modules by dotted name.
    """
    done = sum(bool(carried.get(i)) for i in book.ids)
    parts = [_HEAD.format(carried=done, total=len(book.ids))]
    for section, items in groupby(book.items, key=lambda item: item.section):
        parts.append(f"## {section}")
        parts += [_entry(item, book, carried, places) for item in items]
    return "\n\n".join(parts) + "\n"


def _entry(item: Item, book: Textbook, carried: Mapping[str, Carriers], places: Mapping[str, str]) -> str:
    ids = " ".join(f'<span class="id" id="{slug(i)}">{i}</span>' for i in item.ids)
    lines = [f":::{{container}} item\n{ids}\n\n**{item.title}**"]
    together = Carriers()
    for id_ in item.ids:
        found = carried.get(id_, Carriers())
        together.functions |= found.functions
        together.tests |= found.tests
        together.named |= found.named
        together.experiments |= found.experiments
        together.findings |= found.findings

    def rank(test: str) -> tuple[bool, bool, bool, str]:
        """Tests that speak of the item first, whole files last."""
        return "::" not in test, test not in together.named, "[" in test, test

    rows = [
        _row("function", (_function(name, places) for name in _specific(together.functions))),
        _row("experiment", (f'<a href="experiments/{e}.html">{e}</a>' for e in sorted(together.experiments))),
        _row("finding", (f'<a href="docs/findings/{f}.html">{f}</a>' for f in sorted(together.findings))),
        _row("test", (f"<code>{escape(_short(t))}</code>" for t in sorted(together.tests, key=rank))),
    ]
    if any(rows):
        lines.append(f'<dl class="carriers">{"".join(rows)}</dl>')
    lines += [f"{i}: {book.reasons[i]}" for i in item.ids if i in book.reasons and not carried.get(i)]
    return "\n\n".join(lines) + "\n:::"


def _row(kind: str, links: Iterable[str]) -> str:
    every = list(links)
    if not every:
        return ""
    rest = f"<details><summary>{len(every) - _SHOWN} more</summary>{_list(every[_SHOWN:])}</details>"
    return f"<div><dt>{kind}</dt><dd>{_list(every[:_SHOWN])}{rest if len(every) > _SHOWN else ''}</dd></div>"


def _list(links: list[str]) -> str:
    return " ".join(f"<span>{link}</span>" for link in links)


def _function(name: str, places: Mapping[str, str]) -> str:
    """Link a function, class or module; a method leads to its class, what is private to nothing."""
    place = places.get(name) or places.get(name.rpartition(".")[0])
    shown = f"<code>{escape(name.removeprefix('rhobar.'))}</code>"
    return f'<a href="{place}">{shown}</a>' if place else shown


def _specific(names: Iterable[str]) -> list[str]:
    """Leave out the modules and tables whose own members are named, functions first."""
    every = set(names)
    kept = {n for n in every if not any(o.startswith(f"{n}.") for o in every)}
    return sorted(kept, key=lambda n: (n.endswith(".table"), n.count("."), n))


def _short(test: str) -> str:
    """Name a test without the folder: file::test."""
    file, _, name = test.partition("::")
    return f"{file.rpartition('/')[2]}::{name}" if name else file.rpartition("/")[2]
