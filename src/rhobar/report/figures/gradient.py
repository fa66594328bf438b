"""The gradient norm over the steps, as it arrived and as the optimizer read it."""

import math

from markupsafe import Markup

from rhobar.record import Training
from rhobar.report.figures.axes import (
    HEIGHT_OF_STEPS,
    LEFT,
    WIDTH,
    Label,
    Panel,
    labels,
    readout,
    steps_scale,
)
from rhobar.report.figures.figure import Figure, Marks
from rhobar.report.scales import fit_log
from rhobar.report.series import Point, decimate
from rhobar.report.svg import drawing, element, text
from rhobar.report.wording import number, plural

__all__ = ["gradient_figure"]

_TOP, _BOTTOM = 22.0, 182.0


def gradient_figure(training: Training, marks: Marks) -> Figure | None:
    """Draw ‖g‖₂ on a logarithmic axis; ``None`` if it was never read."""
    arrived = [(float(r.step), r.gradient_norm) for r in training.readings if r.gradient_norm is not None]
    applied = [(float(r.step), r.applied_norm) for r in training.readings if r.applied_norm is not None]
    if not arrived:
        return None
    differs = any(_differ(r.gradient_norm, r.applied_norm) for r in training.readings)
    values = [v for _, v in [*arrived, *(applied if differs else [])]]
    finite = [v for v in values if 0 < v < math.inf] or [1.0]
    near = [m.value for m in marks.levels if min(finite) / 1e3 <= m.value <= max(finite) * 1e3]
    x = steps_scale(max(arrived[-1][0], len(training.losses) - 1.0))
    panel = Panel(x, fit_log([*values, *near], _BOTTOM, _TOP), _TOP, _BOTTOM)
    shapes, named = panel.levels(marks)
    for points, words, class_ in (
        (arrived, "arriving", "label strong"),
        (applied if differs else [], "applied", "label"),
    ):
        ends = [v for _, v in points if math.isfinite(v)]
        if ends:
            plain = words if differs else "at the end"
            said = plain if math.isfinite(points[-1][1]) else f"{words}, last finite"
            named.append(Label(panel.y(ends[-1]), f"{number(ends[-1])} {said}", class_))
    title = f"Gradient norm {number(arrived[0][1])} → {number(arrived[-1][1])}"
    svg = drawing(
        WIDTH,
        _BOTTOM + HEIGHT_OF_STEPS,
        text(LEFT, 11, "norm of the gradient of all parameters", "heading"),
        panel.grid(5),
        panel.missing(arrived),
        panel.curve(decimate(applied), "second") if differs else Markup(),
        panel.curve(decimate(arrived), "main"),
        shapes,
        labels(named, _TOP, _BOTTOM),
        panel.instants(marks, named=False),
        panel.steps(),
        element("line", class_="cursor", x1=LEFT, x2=LEFT, y1=_TOP, y2=_BOTTOM),
        title="Gradient norm over steps, logarithmic",
        describe=_describe(title, arrived),
        data_readout=readout(x, [(s, f"step {s:,.0f}   gradient norm {number(v)}") for s, v in arrived]),
    )
    caption = f"Logarithmic, {plural(len(arrived), 'reading')}."
    if differs:
        caption += " Dashed: as the optimizer read it, after clipping or accumulation."
    return Figure("gradient", title, caption, svg)


def _differ(arrived: float | None, applied: float | None) -> bool:
    return arrived is not None and applied is not None and abs(arrived - applied) > 0.01 * abs(arrived)


def _describe(title: str, points: list[Point]) -> str:
    finite = [v for _, v in points if math.isfinite(v)]
    span = f" Between {number(min(finite))} and {number(max(finite))}." if finite else ""
    lost = len(points) - len(finite)
    return f"{title} over {plural(len(points), 'reading')}.{span}" + (f" {lost} of them not finite." if lost else "")
