"""Docstrings as reStructuredText: mathematical signs stay signs, and ids of the textbook become links."""

import re
from collections.abc import Callable

from scripts.gallery.textbook import ids_in

__all__ = ["escaped", "prepare"]

_ID = re.compile(r"(?<![\w§.-])([ABC]\d{1,2}|C-§[\d.]*\d[a-d]?)(?!\w)(?:\[[^\]]*\])?")
_LITERAL = re.compile(r"(``.+?``|:\w+:`[^`]+`|`[^`]+`)")
_STARRED = re.compile(r"^\s*\*{1,2}\w+( \(.*\))?:")
_BULLET = re.compile(r"^\s*[*-] ")


def prepare(lines: list[str], *, place: Callable[[str], str]) -> list[str]:
    """Return a docstring's lines with what would be markup by accident escaped.

    Args:
        lines: The docstring.
        place: The address of an id's entry on the textbook's page.
    """
    prepared: list[str] = []
    literal, declared = -1, False
    for line in _set_apart(lines):
        indent = len(line) - len(line.lstrip())
        code = line.lstrip().startswith((">>>", "... "))
        if literal >= 0 and line.strip() and indent <= literal:
            literal = -1
        declared = (declared or "Textbook:" in line) and bool(line.strip())
        if code or literal >= 0 or (prepared and _in_doctest(prepared, line)):
            prepared.append(line)
        else:
            prepared.append(_linked(escaped(line), place) if declared else escaped(line))
        if literal < 0 and line.rstrip().endswith("::"):
            literal = indent
    return prepared


def _in_doctest(before: list[str], line: str) -> bool:
    """Whether a line is output: it follows a prompt with no blank line between."""
    if not line.strip():
        return False
    for earlier in reversed(before):
        if not earlier.strip():
            return False
        if earlier.lstrip().startswith((">>>", "... ")):
            return True
    return False


def _set_apart(lines: list[str]) -> list[str]:
    """Put a blank line around formulas that stand indented under a sentence."""
    apart: list[str] = []
    formula = False
    for line in lines:
        before = apart[-1] if apart else ""
        indented = line.startswith(" ")
        if not line.strip() or not before.strip():
            formula = formula and not line.strip()
        elif indented and not before.startswith(" ") and not before.rstrip().endswith(":"):
            apart.append("")
            formula = not line.lstrip().startswith(">>>")
        elif formula and not indented:
            apart.append("")
            formula = False
        apart.append(line)
    return apart


def escaped(line: str) -> str:
    """Return a line in which signs of markup outside of quotes by backticks stand for themselves."""
    if _STARRED.match(line):
        return line
    bullet = _BULLET.match(line)
    head, rest = (bullet[0], line[bullet.end() :]) if bullet else ("", line)
    parts = _LITERAL.split(rest)
    parts[::2] = [re.sub(r"([*|\\])|(?<=\w)(_)(?=\W|$)", r"\\\g<0>", part) for part in parts[::2]]
    for i in range(2, len(parts), 2):
        if parts[i][:1].isalnum():  # as in `Recipe`s
            parts[i] = f"\\ {parts[i]}"
    return head + "".join(parts)


def _linked(line: str, place: Callable[[str], str]) -> str:
    """Link the ids of one line; a range is linked at its ends."""
    return _ID.sub(lambda m: f"`{m[1]} <{place(m[1])}>`__" if m[1] in set(ids_in(m[1])) else m[0], line)
