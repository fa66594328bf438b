"""Scalable vector graphics, as few functions as the figures need; everything that enters is escaped."""

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from rhobar.report.series import Point
from rhobar.report.wording import clean

__all__ = ["drawing", "element", "group", "line", "path", "steps_path", "text"]

Length = int | float


def element(tag: str, *children: Markup | str, **attributes: str | Length | None) -> Markup:
    """Build an element; ``class_`` and ``stroke_width`` stand for ``class`` and ``stroke-width``.

    A coordinate that is not finite is refused with a `ValueError`: scales clamp, so a caller forgot one.

    Example:
        >>> print(element("text", "<b>", x=1.5, class_="tick"))
        <text x="1.5" class="tick">&lt;b&gt;</text>
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_attribute(name, value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    inner = Markup("").join(c if isinstance(c, Markup) else escape(clean(c)) for c in children)
    return Markup(f"<{tag}{written}>{inner}</{tag}>")


def _attribute(name: str, value: str | Length) -> str:
    if isinstance(value, str):
        return str(escape(clean(value)))
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}; place values with a scale.")
    return _coordinate(value)


def _coordinate(value: Length) -> str:
    written = f"{value:.1f}"
    return written.removesuffix(".0") if written != "-0.0" else "0"


def drawing(width: Length, height: Length, *children: Markup, title: str, describe: str, **attributes: str) -> Markup:
    """Wrap shapes into an image with a title and a description in words."""
    return element(
        "svg",
        element("title", title),
        element("desc", describe),
        *children,
        viewBox=f"0 0 {_coordinate(width)} {_coordinate(height)}",
        role="img",
        aria_label=f"{title}. {describe}",
        **attributes,
    )


def group(children: Iterable[Markup], **attributes: str | Length | None) -> Markup:
    """Group shapes."""
    return element("g", *children, **attributes)


def line(x1: Length, y1: Length, x2: Length, y2: Length, class_: str) -> Markup:
    """Draw a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def text(x: Length, y: Length, words: str, class_: str = "label", *, title: str | None = None) -> Markup:
    """Set words at a place, with an optional tooltip."""
    return element("text", *([element("title", title)] if title else []), words, x=x, y=y, class_=class_)


def path(points: Sequence[Point], class_: str, *, title: str | None = None) -> Markup:
    """Draw a line through points in pixels; it breaks where y is NaN, and a lone point becomes a dot."""
    parts: list[str] = []
    run: list[Point] = []
    for point in [*points, (0.0, math.nan)]:
        if math.isfinite(point[1]):
            run.append(point)
            continue
        if run:
            tail = run[1:] or [run[0]]  # a line to itself: round caps make it a dot
            parts.append("M" + "L".join(f"{_coordinate(x)},{_coordinate(y)}" for x, y in [run[0], *tail]))
        run = []
    return element("path", *([element("title", title)] if title else []), d="".join(parts), class_=class_)


def steps_path(points: Sequence[Point], class_: str) -> Markup:
    """Draw a line that keeps each value until the next one, for quantities that are set, not measured."""
    corners: list[Point] = []
    for (x, y), (following, _) in zip(points, [*points[1:], points[-1]] if points else [], strict=True):
        corners += [(x, y), (following, y)]
    return path(corners, class_)
