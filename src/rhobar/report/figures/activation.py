"""The units of each layer: which share is dead or saturated, and how their outputs are spread."""

import math
from collections.abc import Callable, Sequence

from markupsafe import Markup

from rhobar.record import LayerReading, Moments, Reading, Training
from rhobar.report.figures.axes import WIDTH
from rhobar.report.figures.figure import Figure, Marks
from rhobar.report.figures.rows import FIRST_ROW, NAMES, ROW, Column, chosen, names, spread
from rhobar.report.scales import Scale, Symlog, fit_value
from rhobar.report.svg import drawing, element, group, line, text
from rhobar.report.wording import number, percent, plural

__all__ = ["activation_figure"]

_PANEL, _SPACE = 204.0, 30.0
_STRIP = 158.0
_MOST_CELLS = 80


def activation_figure(training: Training, marks: Marks) -> Figure | None:
    """Draw heat strips and intervals, one row per layer; ``None`` if no output was read."""
    readings = [r for r in training.readings if r.layers]
    if not readings or all(_moments(layer) is None for layer in readings[-1].layers):
        return None
    labels = list(dict.fromkeys(layer.name for layer in readings[-1].layers))
    shown = [labels[i] for i in chosen(labels, marks)]
    bottom = spread(len(shown))
    cells = _sampled(readings)
    strips = [
        (heading, share)
        for heading, share in (("Dead units", _dead), ("Saturated units", _saturated))
        if any(share(layer) is not None for r in readings for layer in r.layers)
    ]
    shapes = [names(shown, marks, WIDTH)]
    shapes += [_heat(shown, cells, heading, share, i) for i, (heading, share) in enumerate(strips)]
    shapes.append(_intervals(shown, readings, bottom, len(strips)))
    title = _title(readings[-1], strips)
    svg = drawing(
        WIDTH,
        bottom + 24,
        *shapes,
        title="Units of each layer",
        describe=f"{title}. {plural(len(labels), 'layer')}.",
    )
    strip = "Strips run from the first to the last reading, darker for a larger share; the number is the last. "
    caption = strip if strips else ""
    caption += "Bar: mean ± standard deviation of the outputs, light at first, dark at last; "
    caption += "thin: largest magnitude."
    if len(shown) < len(labels):
        caption += f" {len(shown)} of {plural(len(labels), 'layer')} are shown."
    return Figure("activation", title, caption, svg)


def _dead(layer: LayerReading) -> float | None:
    return layer.dead


def _saturated(layer: LayerReading) -> float | None:
    return layer.saturated


def _moments(layer: LayerReading) -> Moments | None:
    return layer.output or layer.preactivation


def _title(last: Reading, strips: Sequence[tuple[str, Callable[[LayerReading], float | None]]]) -> str:
    told = []
    for heading, share in strips:
        worst = [(v, layer.name) for layer in last.layers if (v := share(layer)) is not None and math.isfinite(v)]
        if worst:
            told.append(f"{heading.lower()} at most {percent(max(worst)[0])}")
    words = ", ".join(told)
    return words[:1].upper() + words[1:] if words else "Outputs of each layer"


def _sampled(readings: list[Reading]) -> list[list[Reading]]:
    """Group the readings into at most `_MOST_CELLS` consecutive cells."""
    count = min(len(readings), _MOST_CELLS)
    return [readings[k * len(readings) // count : (k + 1) * len(readings) // count] for k in range(count)]


def _heat(
    rows: list[str],
    cells: list[list[Reading]],
    heading: str,
    share: Callable[[LayerReading], float | None],
    panel: int,
) -> Markup:
    """Draw a strip per layer; a cell shows the largest share among its readings."""
    left = NAMES + panel * (_PANEL + _SPACE)
    wide = _STRIP / len(cells)
    tables = [_largest(cell, share) for cell in cells]
    shapes = [
        text(left, 12, heading, "heading"),
        text(left, 27, f"step {cells[0][0].step:,} to {cells[-1][-1].step:,}", "tick"),
    ]
    for k, name in enumerate(rows):
        y = FIRST_ROW + k * ROW
        values = [table.get(name) for table in tables]
        if all(v is None for v in values):
            shapes.append(text(left, y + 3.5, "–", "tick"))
            continue
        shapes.append(element("rect", x=left, y=y - 6, width=_STRIP, height=12, class_="strip"))
        for first, last, value in _runs(values):
            if not math.isfinite(value):
                shapes.append(_cell(left + first * wide, y, (last - first) * wide, 1.0, "unknown"))
            elif value > 0:
                shapes.append(_cell(left + first * wide, y, (last - first) * wide, min(value, 1.0), "heat"))
        end = next((v for v in reversed(values) if v is not None), math.nan)
        title = f"{name}: {heading.lower()} {percent(end)} at the last reading"
        shapes.append(
            text(
                left + _STRIP + 7,
                y + 3.5,
                percent(round(end, 2) if math.isfinite(end) else end),
                "value",
                title=title,
            )
        )
    return group(shapes)


def _largest(cell: list[Reading], share: Callable[[LayerReading], float | None]) -> dict[str, float]:
    table: dict[str, float] = {}
    for layer in (layer for reading in cell for layer in reading.layers):
        value = share(layer)
        if value is not None and not math.isnan(table.get(layer.name, 0.0)):
            table[layer.name] = max(value, table.get(layer.name, value)) if math.isfinite(value) else math.nan
    return table


def _runs(values: list[float | None]) -> list[tuple[int, int, float]]:
    """Join neighbouring cells whose shares would look the same."""
    runs: list[tuple[int, int, float]] = []
    for i, value in enumerate(values):
        if value is None:
            continue
        level = round(min(max(value, 0.0), 1.0) * 32) / 32 if math.isfinite(value) else math.nan
        same = runs and runs[-1][1] == i and (runs[-1][2] == level or (math.isnan(level) and math.isnan(runs[-1][2])))
        runs[-1:] = [(runs[-1][0], i + 1, level)] if same else [*runs[-1:], (i, i + 1, level)]
    return runs


def _cell(x: float, y: float, width: float, opacity: float, class_: str) -> Markup:
    return element("rect", x=x, y=y - 6, width=width, height=12, class_=class_, fill_opacity=f"{opacity:.2f}")


def _intervals(rows: list[str], readings: list[Reading], bottom: float, panel: int) -> Markup:
    """Draw mean ± standard deviation and the largest magnitude of each layer's output."""
    left = NAMES + panel * (_PANEL + _SPACE)
    first, last = (_table(reading) for reading in (readings[0], readings[-1]))
    values = [v for t in (first, last) for name in rows if name in t for v in _span(t[name])]
    x = _bent([v for v in values if math.isfinite(v)], left, WIDTH - 12)
    column = Column(x, bottom)
    shapes = [column.frame("Outputs", "mean ± standard deviation"), column.upright(0.0, "unity")]
    for k, name in enumerate(rows):
        y = FIRST_ROW + k * ROW
        for table, shift, class_ in ((first, -4.5, "early"), (last, 1.5, "late")):
            found = table.get(name)
            if found is None or (table is first and len(readings) == 1):
                continue
            span = _span(found)
            if not all(map(math.isfinite, span)) or found.nonfinite:
                shapes.append(text(left + 2, y + 3.5, "not finite", "label symptom") if class_ == "late" else Markup())
                continue
            low, bottom_sd, top_sd, high = (x(v) for v in span)
            words = f"{name}: {number(found.mean)} ± {number(found.std)}, largest {number(found.max_abs)}"
            if class_ == "late":
                shapes.append(line(low, y + shift, high, y + shift, "whisker"))
            high_bar = 5.0 if class_ == "late" else 2.0
            box = {
                "x": bottom_sd,
                "y": y + shift - high_bar / 2,
                "width": max(top_sd - bottom_sd, 1.5),
                "height": high_bar,
            }
            shapes.append(element("rect", element("title", words), class_=f"interval {class_}", **box))
    return group(shapes)


def _table(reading: Reading) -> dict[str, Moments]:
    return {layer.name: found for layer in reading.layers if (found := _moments(layer)) is not None}


def _span(found: Moments) -> tuple[float, float, float, float]:
    """Return least possible value, mean − std, mean + std, largest possible value."""
    try:
        std = found.std
    except OverflowError:
        std = math.inf
    low = 0.0 if found.mean > 0 and found.mean - std >= 0 else -found.max_abs
    return low, found.mean - std, found.mean + std, found.max_abs


def _bent(values: list[float], start: float, end: float) -> Scale:
    """Choose a linear axis, or one bent around 0 where layers differ by orders of magnitude."""
    sizes = sorted(abs(v) for v in values if v)
    if sizes and sizes[-1] / sizes[len(sizes) // 4] > 50:
        return Symlog(min([*values, 0.0]), max(values), start, end, max(sizes[len(sizes) // 4], 1e-300))
    return fit_value([*values, 0.0] if values else [], start, end)
