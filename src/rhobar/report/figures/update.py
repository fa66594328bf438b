"""The size of each update relative to its weight, over the steps."""

import math
from statistics import median

from markupsafe import Markup

from rhobar.record import Training
from rhobar.report.figures.axes import (
    HEIGHT_OF_STEPS,
    LEFT,
    RIGHT,
    WIDTH,
    Label,
    Panel,
    labels,
    readout,
    steps_scale,
)
from rhobar.report.figures.figure import Figure, Marks, kind_of
from rhobar.report.scales import fit_log
from rhobar.report.series import Point, decimate
from rhobar.report.svg import drawing, element, group, line, text
from rhobar.report.wording import number, plural

__all__ = ["update_figure"]

_TOP, _BOTTOM = 22.0, 222.0
_GUIDE = 1e-3
_MOST_LINES = 60


def update_figure(training: Training, marks: Marks) -> Figure | None:
    """Draw rms(Δθ)/rms(θ) per parameter on a logarithmic axis; ``None`` if no update was seen."""
    series = _series(training)
    if not series:
        return None
    x = steps_scale(max(max(points[-1][0] for points in series.values()), len(training.losses) - 1.0))
    values = [v for points in series.values() for _, v in points]
    y = fit_log([*values, _GUIDE, *(m.value for m in marks.levels if 1e-6 < m.value < 1e3)], _BOTTOM, _TOP)
    panel = Panel(x, y, _TOP, _BOTTOM)
    shapes, named = panel.levels(marks)
    if not any(level.value == _GUIDE for level in marks.levels):
        shapes += line(LEFT, y(_GUIDE), RIGHT, y(_GUIDE), "reference")
        named.append(Label(y(_GUIDE), "0.001, a common size"))
    drawn, more = _lines(series, panel, marks)
    middle = [(step, median(vs)) for step, vs in _by_step(series).items()]
    title = f"Median update {number(middle[-1][1])} of its weight at the end" if middle else "No update is finite"
    still = sum(all(v == 0 for _, v in points) for points in series.values())
    words = f"{plural(len(series), 'parameter')}, logarithmic. " + (f"{still} never moved. " if still else "")
    svg = drawing(
        WIDTH,
        _BOTTOM + HEIGHT_OF_STEPS,
        text(LEFT, 11, "rms(Δθ) / rms(θ), one line per parameter", "heading"),
        panel.grid(6),
        *drawn,
        shapes,
        panel.instants(marks, named=False),
        labels([*named, *more], _TOP, _BOTTOM),
        panel.steps(),
        element("line", class_="cursor", x1=LEFT, x2=LEFT, y1=_TOP, y2=_BOTTOM),
        title="Update-to-weight ratio over steps",
        describe=f"{title}. {words}",
        data_readout=readout(x, [(s, f"step {s:,.0f}   median ratio {number(v)}") for s, v in middle]),
    )
    caption = words + "At a ratio of 0.001 a weight is replaced after about a thousand steps."
    if len(series) > _MOST_LINES:
        caption += " Band: all parameters, least to largest; line: their median."
    return Figure("update", title, caption, svg)


def _series(training: Training) -> dict[str, list[Point]]:
    series: dict[str, list[Point]] = {}
    for reading in training.readings:
        for parameter in reading.parameters:
            if (ratio := parameter.update_ratio) is not None:
                series.setdefault(parameter.name, []).append((float(reading.step), ratio))
    return series


def _by_step(series: dict[str, list[Point]]) -> dict[float, list[float]]:
    steps: dict[float, list[float]] = {}
    for points in series.values():
        for step, value in points:
            if math.isfinite(value):
                steps.setdefault(step, []).append(value)
    return dict(sorted(steps.items()))


def _lines(series: dict[str, list[Point]], panel: Panel, marks: Marks) -> tuple[list[Markup], list[Label]]:
    """Draw a line per parameter, or a band where they are too many, and name those at the edges."""
    marked = {name: kind for name in series if (kind := kind_of(name, marks))}
    plain = [name for name in series if name not in marked]
    shapes: list[Markup] = []
    if len(series) > _MOST_LINES:
        shapes.append(_band(series, panel))
        marked = dict(list(marked.items())[:12])
    else:
        shapes += [panel.curve(decimate(series[name], 150), "thin", title=name) for name in plain]
    shapes += [panel.curve(decimate(series[n], 150), f"marked {k}", title=n) for n, k in marked.items()]
    ends = {n: points[-1][1] for n, points in series.items() if math.isfinite(points[-1][1])}
    telling = [max(ends, key=ends.__getitem__), min(ends, key=ends.__getitem__)] if ends else []
    telling += [n for n in marked if n in ends][:4]
    named = [Label(panel.y(ends[n]), n, f"label {marked.get(n, '')}".rstrip()) for n in dict.fromkeys(telling)]
    shapes.append(panel.missing([p for name in series for p in series[name] if not math.isfinite(p[1])]))
    return shapes, named


def _band(series: dict[str, list[Point]], panel: Panel) -> Markup:
    """Draw the range over all parameters and its median."""
    steps = _by_step(series)
    low = decimate([(s, min(v)) for s, v in steps.items()], 300)
    high = decimate([(s, max(v)) for s, v in steps.items()], 300)
    corners = [(panel.x(s), panel.y(v)) for s, v in [*high, *reversed(low)]]
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)
    middle = panel.curve(decimate([(s, median(v)) for s, v in steps.items()], 300), "main")
    return group([element("polygon", points=points, class_="range"), middle])
