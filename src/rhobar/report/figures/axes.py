"""What figures over training steps have in common: a frame, ticks, marks, labels that do not overlap."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rhobar.report.figures.figure import Marks
from rhobar.report.scales import Linear, Scale
from rhobar.report.series import Point, holes
from rhobar.report.svg import element, group, line, path, text
from rhobar.report.wording import number, shorten

__all__ = [
    "HEIGHT_OF_STEPS",
    "LEFT",
    "RIGHT",
    "WIDTH",
    "Label",
    "Panel",
    "labels",
    "pixels",
    "readout",
    "steps_scale",
]

WIDTH = 880.0
LEFT = 52.0
RIGHT = 690.0
HEIGHT_OF_STEPS = 34.0
"""Room beneath a panel for the step axis."""


@dataclass(frozen=True)
class Label:
    """Words at the right edge, beside the value they name."""

    y: float
    words: str
    class_: str = "label"


@dataclass(frozen=True)
class Panel:
    """A frame over steps: x from left to right, y between top and bottom."""

    x: Scale
    y: Scale
    top: float
    bottom: float

    def grid(self, ticks: int = 4) -> Markup:
        """Draw value ticks as hairlines with their labels."""
        shapes: list[Markup] = []
        for value, words in self.y.ticks(ticks):
            at = self.y(value)
            shapes += [line(LEFT, at, RIGHT, at, "grid"), text(LEFT - 8, at + 3.5, words, "tick end")]
        return group(shapes)

    def steps(self) -> Markup:
        """Draw the step axis beneath the panel."""
        shapes = [line(LEFT, self.bottom, RIGHT, self.bottom, "axis")]
        for value, words in self.x.ticks(7):
            if value != int(value):
                continue
            at = self.x(value)
            shapes += [
                line(at, self.bottom, at, self.bottom + 4, "axis"),
                text(at, self.bottom + 17, words, "tick mid"),
            ]
        shapes.append(text(RIGHT, self.bottom + 31, "step", "tick end"))
        return group(shapes)

    def levels(self, marks: Marks) -> tuple[Markup, list[Label]]:
        """Draw thresholds that lie within the panel, with their labels for the right edge."""
        inside = [level for level in marks.levels if self.y.low <= level.value <= self.y.high]
        shapes = [line(LEFT, self.y(m.value), RIGHT, self.y(m.value), f"level {m.kind}") for m in inside]
        return group(shapes), [
            Label(self.y(m.value), f"{number(m.value, 4)} {m.label}", f"label {m.kind}") for m in inside
        ]

    def instants(self, marks: Marks, *, named: bool = True) -> Markup:
        """Draw a vertical line at each marked step."""
        shapes: list[Markup] = []
        for mark in marks.instants:
            if not self.x.low <= mark.step <= self.x.high:
                continue
            at = self.x(float(mark.step))
            shapes.append(line(at, self.top, at, self.bottom, f"instant {mark.kind}"))
            if named:
                side, place = (" end", at + 4) if at > (LEFT + RIGHT) / 2 else ("", max(at - 4, LEFT + 100))
                shapes.append(text(place, self.top - 11, mark.label, f"label {mark.kind}{side}"))
        return group(shapes)

    def missing(self, points: Sequence[Point]) -> Markup:
        """Mark the stretches without a finite value along the upper edge."""
        shapes: list[Markup] = []
        for first, last in _merged([(self.x(a), self.x(b)) for a, b in holes(points)]):
            width = max(last - first, 3.0)
            bar = element("title", "not finite: NaN or infinite")
            shapes.append(element("rect", bar, x=first, y=self.top - 3, width=width, height=5, class_="missing"))
        return group(shapes)

    def curve(self, points: Sequence[Point], class_: str, *, title: str | None = None) -> Markup:
        """Draw a series given in steps and values."""
        return path(pixels(points, self.x, self.y), class_, title=title)


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Join spans that lie within two pixels, so that their number is bounded by the width."""
    joined: list[tuple[float, float]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1] + 2:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def pixels(points: Iterable[Point], x: Scale, y: Scale) -> list[Point]:
    """Turn steps and values into pixels; a value that is not finite stays a gap."""
    return [(x(a), y(b) if math.isfinite(b) else math.nan) for a, b in points]


def steps_scale(last: float) -> Linear:
    """Spread the steps 0 … last over the width of a panel."""
    return Linear(0.0, max(last, 1.0), LEFT, RIGHT)


def labels(wanted: Iterable[Label], top: float, bottom: float, *, gap: float = 14.0) -> Markup:
    """Set words beside the right edge, moved apart where they would overlap."""
    ordered = sorted(wanted, key=lambda label: label.y)
    places: list[float] = []
    for label in ordered:
        places.append(max(label.y, places[-1] + gap if places else top + 4))
    limit = bottom
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], limit)
        limit = places[i] - gap
    return group(
        text(RIGHT + 8, y + 3.5, shorten(label.words, 29), label.class_, title=label.words)
        for y, label in zip(places, ordered, strict=True)
    )


def readout(x: Scale, columns: Sequence[tuple[float, str]], limit: int = 300) -> str:
    """Write what to say at each place along x, for the script that follows the pointer."""
    kept = columns[:: max(1, math.ceil(len(columns) / limit))]
    return json.dumps({"x": [round(x(step), 1) for step, _ in kept], "text": [words for _, words in kept]})
