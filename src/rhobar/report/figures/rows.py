"""Figures with one row per layer: which rows to show, their names, and panels side by side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rhobar.report.figures.figure import Marks, kind_of
from rhobar.report.scales import Scale
from rhobar.report.svg import element, group, line, text
from rhobar.report.wording import number, shorten

__all__ = ["FIRST_ROW", "MOST_ROWS", "NAMES", "ROW", "Column", "chosen", "names", "spread"]

NAMES = 196.0
"""Room for the layer names."""
ROW = 19.0
FIRST_ROW = 62.0
MOST_ROWS = 48


@dataclass(frozen=True)
class Column:
    """A panel of rows, with its values along x."""

    x: Scale
    bottom: float

    def frame(self, heading: str, detail: str, count: int = 4) -> Markup:
        """Draw heading, grid and ticks."""
        low, high = min(self.x.start, self.x.end), max(self.x.start, self.x.end)
        shapes = [text(low, 12, heading, "heading"), text(low, 27, detail, "tick")]
        for value, words in self.x.ticks(count):
            at = self.x(value)
            shapes += [
                line(at, FIRST_ROW - 14, at, self.bottom, "grid"),
                text(at, self.bottom + 15, words, "tick mid"),
            ]
        shapes.append(line(low, self.bottom, high, self.bottom, "axis"))
        return group(shapes)

    def upright(self, value: float, class_: str, words: str = "") -> Markup:
        """Draw a vertical line at a value within the range."""
        if not self.x.low <= value <= self.x.high:
            return Markup()
        at = self.x(value)
        shapes = [line(at, FIRST_ROW - 14, at, self.bottom, class_)]
        if words:
            shapes.append(text(at, FIRST_ROW - 18, words, f"{class_} tick mid"))
        return group(shapes)

    def dot(self, value: float | None, y: float, class_: str, title: str) -> Markup:
        """Draw a value, or its name in words where no axis can hold it."""
        if value is None:
            return Markup()
        if not math.isfinite(value) or value <= 0:
            at = self.x(self.x.low if value <= 0 else self.x.high)
            return text(at, y + 3.5, number(value), "label symptom mid", title=title)
        return element("circle", element("title", title), cx=self.x(value), cy=y, r=3.4, class_=class_)


def chosen(labels: Sequence[str], marks: Marks, most: int = MOST_ROWS) -> list[int]:
    """Choose the rows to show: all that fit, else those that a finding names and an even sample."""
    if len(labels) <= most:
        return list(range(len(labels)))
    named = [i for i, label in enumerate(labels) if kind_of(label, marks)][: most // 2]
    free = most - len(named)
    even = [round(k * (len(labels) - 1) / (free - 1)) for k in range(free)]
    return sorted({*named, *even})


def names(labels: Sequence[str], marks: Marks, right: float) -> Markup:
    """Write the names of the rows, those that a finding names in its colour on a tinted band."""
    shapes: list[Markup] = []
    cut = _common(labels)
    for k, label in enumerate(labels):
        y = FIRST_ROW + k * ROW
        kind = kind_of(label, marks)
        if kind:
            shapes.append(element("rect", x=0, y=y - ROW / 2, width=right, height=ROW, class_=f"band {kind}"))
            symbol = "◆" if kind == "cause" else "◇"
            shapes.append(text(4, y + 3.5, symbol, f"label {kind}"))
        else:
            shapes.append(line(NAMES, y, right, y, "hair"))
        short = shorten(label[cut:] if cut else label, 25 - bool(cut))
        shapes.append(text(18, y + 3.5, f"…{short}" if cut else short, f"name {kind or ''}".rstrip(), title=label))
    return group(shapes)


def _common(labels: Sequence[str]) -> int:
    """Return the length of the path that all names begin with, where one of them is too long to show."""
    if len(labels) < 2 or max(map(len, labels)) <= 25:
        return 0
    first, last = min(labels), max(labels)  # what these two share, all share
    shared = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(map(len, labels)))
    return first[:shared].rfind(".") + 1


def spread(count: int) -> float:
    """Return the lower edge of the given number of rows."""
    return FIRST_ROW + (count - 1) * ROW + 14
