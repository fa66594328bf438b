"""The plots and matrices of readings, as SVG."""

import math

from markupsafe import Markup

from rhobar.probes.survey import Curve, Heat, Plot
from rhobar.report.figures.axes import LEFT, RIGHT, WIDTH, Label, Panel, labels, pixels, readout
from rhobar.report.scales import Linear, Scale, fit_log, fit_value
from rhobar.report.series import decimate
from rhobar.report.svg import drawing, element, group, line, path, text
from rhobar.report.wording import number, shorten

__all__ = ["draw"]

_TOP, _BOTTOM = 26.0, 236.0
_CLASSES = ("main", "second", "set", "thin")


def draw(figure: Plot | Heat) -> Markup:
    """Return the drawing of a plot or a matrix."""
    return _plot(figure) if isinstance(figure, Plot) else _heat(figure)


def _plot(plot: Plot) -> Markup:
    """Draw curves with error bars, over an axis of numbers, and their names at the right edge."""
    finite = [
        (x, y) for c in plot.curves for x, y in zip(c.x, c.y, strict=True) if math.isfinite(x) and math.isfinite(y)
    ]
    xs, ys = [x for x, _ in finite] or [0.0, 1.0], [y for _, y in finite]
    x = _horizontal(xs, log=plot.log)
    whole = not plot.log and all(value == int(value) for value in xs)  # counted, not measured
    panel = Panel(x, fit_value(ys, _BOTTOM, _TOP), _TOP, _BOTTOM)
    shapes = [text(LEFT, 12, plot.y_label, "heading"), panel.grid(), _axis(panel, plot.x_label, whole=whole)]
    named: list[Label] = []
    alone = all(len(c.x) == 1 for c in plot.curves)
    for i, curve in enumerate(plot.curves):
        shapes += _curve(curve, panel, _CLASSES[i % len(_CLASSES)], points=plot.points or len(curve.x) == 1)
        last = next(((a, b) for a, b in reversed(list(zip(curve.x, curve.y, strict=True))) if math.isfinite(b)), None)
        if last is not None:
            style = "label strong" if i == 0 and not alone else "label"
            named.append(Label(panel.y(last[1]), curve.name, style))
    shapes += [
        labels(named[:12], _TOP, _BOTTOM),
        element("line", class_="cursor", x1=LEFT, x2=LEFT, y1=_TOP, y2=_BOTTOM),
    ]
    describe = f"{plot.y_label} over {plot.x_label}: {', '.join(c.name for c in plot.curves)}"
    return drawing(
        WIDTH, _BOTTOM + 40, *shapes, title=plot.title, describe=describe, data_readout=readout(x, _columns(plot))
    )


def _horizontal(xs: list[float], *, log: bool) -> Scale:
    low, high = min(xs), max(xs)
    if log and low > 0:
        return fit_log(xs, LEFT + 6, RIGHT - 6, least=2.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return Linear(low, high, LEFT + 6, RIGHT - 6)


def _axis(panel: Panel, label: str, *, whole: bool) -> Markup:
    shapes = [line(LEFT, panel.bottom, RIGHT, panel.bottom, "axis")]
    for value, words in panel.x.ticks(7):
        if whole and value != int(value):
            continue
        at = panel.x(value)
        shapes += [line(at, panel.bottom, at, panel.bottom + 4, "axis"), text(at, panel.bottom + 17, words, "tick mid")]
    shapes.append(text(RIGHT, panel.bottom + 33, label, "tick end"))
    return group(shapes)


def _curve(curve: Curve, panel: Panel, class_: str, *, points: bool) -> list[Markup]:
    pairs = list(zip(curve.x, curve.y, strict=True))
    shapes = [_bars(curve, panel)] if curve.stderr and len(pairs) <= 60 else []
    if not points:
        shapes.append(path(pixels(decimate(pairs, 300), panel.x, panel.y), class_, title=curve.name))
    if points or len(pairs) <= 24:
        dots = [p for p in pixels(pairs, panel.x, panel.y) if math.isfinite(p[1])]
        style = "dot" if class_ == "main" else "open"
        shapes.append(
            group(element("circle", element("title", curve.name), cx=a, cy=b, r=3, class_=style) for a, b in dots)
        )
    return shapes


def _bars(curve: Curve, panel: Panel) -> Markup:
    drawn = []
    for x, y, e in zip(curve.x, curve.y, curve.stderr, strict=True):
        if math.isfinite(y) and math.isfinite(e) and e > 0:
            drawn.append(line(panel.x(x), panel.y(y - e), panel.x(x), panel.y(y + e), "whisker"))
    return group(drawn)


def _columns(plot: Plot) -> list[tuple[float, str]]:
    """Write the values of all curves at the places of the longest one."""
    longest = max(plot.curves, key=lambda c: len(c.x), default=None)
    if longest is None:
        return []
    tables = [(c.name, dict(zip(c.x, c.y, strict=True))) for c in plot.curves[:6]]
    columns = []
    for x in sorted(longest.x):
        values = [f"{shorten(name, 20)} {number(values[x])}" for name, values in tables if x in values]
        columns.append((x, f"{number(x)}   " + "   ".join(values)))
    return columns


def _heat(heat: Heat) -> Markup:
    """Draw a matrix, darker for larger values, with the extremes in words."""
    values = [v for r in heat.values for v in r if math.isfinite(v)] or [0.0]
    low, high = min(values), max(values)
    span = high - low or 1.0
    left, top = 196.0, 30.0
    size = min((RIGHT - left) / max(len(heat.columns), 1), 34.0)
    height = min(size, 26.0)
    shapes = [text(0, 12, f"{heat.unit}: {number(low)} (faint) to {number(high)} (strong)", "heading")]
    for i, (name, cells) in enumerate(zip(heat.rows, heat.values, strict=True)):
        y = top + i * height
        shapes.append(text(left - 8, y + height / 2 + 3.5, shorten(name, 25), "name end", title=name))
        for j, value in enumerate(cells):
            words = f"{name}, {heat.columns[j]}: {number(value)}"
            share = (value - low) / span if math.isfinite(value) else 0.0
            shapes.append(
                element(
                    "rect",
                    element("title", words),
                    x=left + j * size,
                    y=y,
                    width=size - 1,
                    height=height - 1,
                    class_="heat",
                    opacity=f"{0.06 + 0.94 * share:.2f}",
                )
            )
    bottom = top + len(heat.rows) * height
    for j, name in enumerate(heat.columns):
        if j % max(1, math.ceil(len(heat.columns) / 12)) == 0:
            at = left + (j + 0.5) * size
            shapes.append(text(at, bottom + 14, shorten(name, max(3, int(size * 12 / 70))), "tick mid", title=name))
    return drawing(WIDTH, bottom + 24, *shapes, title=heat.title, describe=f"{heat.unit} of {len(heat.rows)} rows")
