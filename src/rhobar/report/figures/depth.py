"""The depth profile: how much each layer stretches signal and gradient, and what remains of both."""

import math

from markupsafe import Markup

from rhobar.record import Reading, Training
from rhobar.report.figures.axes import WIDTH
from rhobar.report.figures.figure import Figure, Marks
from rhobar.report.figures.rows import FIRST_ROW, NAMES, ROW, Column, chosen, names, spread
from rhobar.report.gains import LayerGains, gains, mean_gain
from rhobar.report.scales import fit_log
from rhobar.report.series import Point
from rhobar.report.svg import drawing, group, line, path, text
from rhobar.report.wording import number, plural

__all__ = ["depth_figure"]

_PANEL, _SPACE = 204.0, 30.0
_Pair = tuple[LayerGains | None, LayerGains]


def depth_figure(training: Training, marks: Marks) -> Figure | None:
    """Draw one row per layer and three panels; ``None`` if no layer was read."""
    readings = [r for r in training.readings if r.layers]
    if not readings:
        return None
    pairs = _paired(readings[0], readings[-1])
    several = len(readings) > 1
    labels = [last.name + (f" ({last.occurrence + 1})" if last.occurrence else "") for _, last in pairs]
    shown = chosen(labels, marks)
    rows = [pairs[i] for i in shown]
    bottom = spread(len(rows))
    first = gains(readings[0])
    last = gains(readings[-1])
    forward = _means([g.forward for g in first], [g.forward for g in last])
    backward = _means([g.backward for g in first], [g.backward for g in last])
    shapes = [
        names([labels[i] for i in shown], marks, WIDTH),
        _dots(rows, 0, bottom, marks, ("Forward gain", forward), several),
        _dots(rows, 1, bottom, marks, ("Backward gain", backward), several),
        _products(rows, bottom, several),
    ]
    told = [f"the {n} by {v}" for n, v in (("signal", forward), ("gradient", backward)) if v != "unknown"]
    title = f"Each layer stretches {' and '.join(told)}" if told else "The layers"
    describe = f"{plural(len(pairs), 'layer')} from input to output. {title}. Over the whole depth: {_overall(last)}."
    svg = drawing(WIDTH, bottom + 24, *shapes, title="Gains of the layers over depth", describe=describe)
    caption = "Geometric means, input on top. A factor of 1 keeps a signal; its product over depth decides. "
    caption += f"Hollow: step {readings[0].step:,}. Filled: step {readings[-1].step:,}. " if several else ""
    caption += f"Over the whole depth: {_overall(last)}."
    if len(rows) < len(pairs):
        caption += f" {len(rows)} of {plural(len(pairs), 'layer')} are shown."
    return Figure("depth", title, caption, svg)


def _paired(first: Reading, last: Reading) -> list[_Pair]:
    """Pair the layers of the last reading with themselves in the first one."""
    before = {(g.name, g.occurrence): g for g in gains(first)}
    return [(before.get((g.name, g.occurrence)), g) for g in gains(last)]


def _means(first: list[float | None], last: list[float | None]) -> str:
    start, end = mean_gain(first), mean_gain(last)
    words = ["unknown" if v is None else number(v, 2) for v in (start, end)]
    if any(v is not None and not math.isfinite(v) for v in last):
        words[1] = "NaN"
    return words[1] if words[0] == words[1] else f"{words[0]} → {words[1]}"


def _overall(rows: tuple[LayerGains, ...]) -> str:
    signal = next((g.signal for g in reversed(rows) if g.signal is not None), None)
    gradient = next((g.gradient for g in rows if g.gradient is not None), None)
    told = [f"{n} × {number(v)}" for n, v in (("signal", signal), ("gradient", gradient)) if v is not None]
    return ", ".join(told) or "unknown"


def _dots(
    rows: list[_Pair], panel: int, bottom: float, marks: Marks, heading: tuple[str, str], several: bool
) -> Markup:
    """Draw the gains of one direction: a hollow dot at first, a filled one at last, a line between."""

    def value(row: LayerGains | None) -> float | None:
        return None if row is None else (row.backward if panel else row.forward)

    both = [v for pair in rows for v in map(value, pair) if v is not None]
    left = NAMES + panel * (_PANEL + _SPACE)
    near = [m.value for m in marks.levels if m.value > 0]
    x = fit_log([*both, 1.0, *[v for v in near if 1e-3 < v < 1e3]], left, left + _PANEL)
    column = Column(x, bottom)
    shapes = [column.frame(heading[0], f"ρ̄ = {heading[1]}"), column.upright(1.0, "unity", "ρ̄ = 1")]
    wanted = "backward" if panel else "forward"
    levels = [m for m in marks.levels if _fits(m.quantity, wanted)]
    shapes += [column.upright(m.value, f"level {m.kind}", number(m.value)) for m in levels]
    for k, (first, last) in enumerate(rows):
        y = FIRST_ROW + k * ROW
        start, end = value(first) if several else None, value(last)
        if start is not None and end is not None and x.low <= start <= x.high and x.low <= end <= x.high:
            shapes.append(line(x(start), y, x(end), y, "link"))
        words = " → ".join(number(v) for v in (start, end) if v is not None)
        title = f"{last.name}: {heading[0].lower()} {words}"
        shapes += [column.dot(start, y, "open", title), column.dot(end, y, "dot", title)]
    return group(shapes)


def _fits(quantity: str, direction: str) -> bool:
    """Whether a threshold is one of this direction; one that names neither holds for both."""
    other = {"forward": "backward", "backward": "forward"}[direction]
    return other not in quantity.lower()


def _products(rows: list[_Pair], bottom: float, several: bool) -> Markup:
    """Draw what remains of the signal and of the gradient, row by row."""
    left = NAMES + 2 * (_PANEL + _SPACE)
    chains = [
        (class_, [(getattr(pair[which], key) if pair[which] else None) for pair in rows])
        for which, strength in (((0, " early"),) if several else ()) + ((1, ""),)
        for key, class_ in (("signal", f"forward{strength}"), ("gradient", f"backward{strength}"))
    ]
    values = [v for _, chain in chains for v in chain if v is not None]
    column = Column(fit_log([*values, 1.0], left, left + _PANEL), bottom)
    shapes = [
        column.frame("Product over depth", "", 5),
        text(left, 27, "— signal", "tick forward"),
        text(left + 62, 27, "┄ gradient", "tick backward"),
        column.upright(1.0, "unity", "1"),
    ]
    for class_, chain in chains:
        points: list[Point] = []
        for k, value in enumerate(chain):
            y = FIRST_ROW + k * ROW
            # A value that no logarithmic axis holds breaks the line; its row says so in the panels beside.
            inside = value is not None and 0 < value < math.inf
            points.append((column.x(value), y) if inside and value is not None else (0.0, math.nan))
        shapes.append(path(points, f"product {class_}"))
    return group(shapes)
