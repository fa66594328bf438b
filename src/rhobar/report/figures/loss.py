"""The loss over the steps, with the level of a constant answer, evaluations and the learning rate beneath."""

import math

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
    pixels,
    readout,
    steps_scale,
)
from rhobar.report.figures.figure import Figure, Marks
from rhobar.report.scales import Scale, fit_value
from rhobar.report.series import Point, decimate, running_mean
from rhobar.report.svg import drawing, element, group, line, steps_path, text
from rhobar.report.wording import number, plural

__all__ = ["loss_figure"]

_TOP, _BOTTOM = 22.0, 262.0
_RATE_TOP, _RATE_BOTTOM = 300.0, 346.0


def loss_figure(training: Training, marks: Marks, rate_marks: Marks) -> Figure | None:
    """Draw the loss; ``None`` if none was seen."""
    losses = training.losses
    if not losses:
        return None
    raw = [(float(i), v) for i, v in enumerate(losses)]
    window = max(1, len(losses) // 40)
    means = running_mean(losses, window)
    smooth = decimate(list(zip(map(float, range(len(losses))), means, strict=True)), 300)
    evaluated = [(float(e.step), e.loss) for e in training.evaluations if e.loss is not None]
    last = max(len(losses) - 1.0, *(x for x, _ in evaluated), 0.0) if evaluated else len(losses) - 1.0
    x = steps_scale(last)
    panel = Panel(x, _value_scale(training, marks, evaluated), _TOP, _BOTTOM)
    rate, rate_title = _rate_panel(training, x, rate_marks)
    lowest = _RATE_BOTTOM if rate else _BOTTOM
    shapes = [
        text(LEFT, 11, "training loss", "heading"),
        panel.grid(),
        panel.missing(raw),
        panel.curve(decimate(raw), "raw"),
        panel.curve(smooth, "main") if window > 1 else Markup(),
        *_levels(training, panel, marks, means, evaluated),
        panel.instants(marks),
        rate,
        Panel(x, panel.y, _TOP, lowest).steps(),
        element("line", class_="cursor", x1=LEFT, x2=LEFT, y1=_TOP, y2=lowest),
    ]
    title = _title(losses, evaluated)
    caption = f"Thin: every step. Bold: mean over {plural(window, 'step')}. " if window > 1 else ""
    caption += "Circles: evaluations. " if evaluated else ""
    caption += "Bars on the upper edge: not finite. " if any(not math.isfinite(v) for v in losses) else ""
    svg = drawing(
        WIDTH,
        lowest + HEIGHT_OF_STEPS,
        *shapes,
        title="Loss over steps",
        describe=f"{title}. {rate_title}",
        data_readout=readout(x, _columns(training, means)),
    )
    return Figure("loss", title, caption + rate_title, svg)


def _title(losses: list[float], evaluated: list[Point]) -> str:
    title = f"Loss {number(losses[0])} → {number(losses[-1])} in {plural(len(losses), 'step')}"
    return f"{title}; evaluated {number(evaluated[0][1])} → {number(evaluated[-1][1])}" if evaluated else title


def _value_scale(training: Training, marks: Marks, evaluated: list[Point]) -> Scale:
    """Fit losses, evaluations, the constant answer's level and thresholds within the same span of them."""
    values = [v for v in [*training.losses, *(y for _, y in evaluated)] if math.isfinite(v)]
    extra = [level.value for level in marks.levels]
    if training.targets and training.targets.constant_loss is not None:
        extra.append(training.targets.constant_loss)
    if values:
        low, high = min(values), max(values)
        room = max(high / 2 - low / 2, abs(high) / 8) * 2
        values += [v for v in extra if low - room <= v <= high + room]
    return fit_value(values, _BOTTOM, _TOP)


def _levels(training: Training, panel: Panel, marks: Marks, means: list[float], evaluated: list[Point]) -> list[Markup]:
    """Draw horizontal references, evaluations and the labels on the right."""
    shapes, named = panel.levels(marks)
    drawn = [shapes]
    constant = training.targets.constant_loss if training.targets else None
    taken = any(constant is not None and abs(panel.y(m.value) - panel.y(constant)) < 2 for m in marks.levels)
    if constant is not None and panel.y.low <= constant <= panel.y.high and not taken:
        drawn.append(line(LEFT, panel.y(constant), RIGHT, panel.y(constant), "reference"))
        named.append(Label(panel.y(constant), f"{number(constant, 4)} constant answer"))
    finite = [v for v in means if math.isfinite(v)]
    if finite:
        words = "training" if math.isfinite(training.losses[-1]) else "last finite mean"
        named.append(Label(panel.y(finite[-1]), f"{number(finite[-1], 4)} {words}", "label strong"))
    if evaluated:
        shown = [p for p in decimate(evaluated, 120) if math.isfinite(p[1])]
        drawn.append(panel.curve(decimate(evaluated, 120), "second"))
        drawn.append(
            group(element("circle", cx=a, cy=b, r=3, class_="open") for a, b in pixels(shown, panel.x, panel.y))
        )
        if shown:
            named.append(Label(panel.y(shown[-1][1]), f"{number(shown[-1][1], 4)} evaluation"))
    return [*drawn, labels(named, _TOP, _BOTTOM)]


def _rate_panel(training: Training, x: Scale, marks: Marks) -> tuple[Markup, str]:
    """Draw the learning rate, a quantity that is set and stays until it is set again."""
    rates = [r for r in training.rates if math.isfinite(r)]
    if not rates:
        return Markup(), ""
    each = training.backwards_per_step or 1.0
    points = [(i * each, r) for i, r in enumerate(training.rates)]
    near = [m.value for m in marks.levels if m.value > 0 and max(rates) / 100 <= m.value <= max(rates) * 100]
    panel = Panel(x, fit_value([*rates, *near], _RATE_BOTTOM, _RATE_TOP, zero=True), _RATE_TOP, _RATE_BOTTOM)
    shapes, named = panel.levels(marks)
    kept = decimate(points, 300)
    ends = [*kept, (x.high, kept[-1][1])]
    named.append(Label(panel.y(rates[-1]), f"{number(rates[-1])} at the end"))
    drawn = group(
        [
            text(LEFT, _RATE_TOP - 9, "learning rate", "heading"),
            panel.grid(2),
            steps_path(pixels(ends, x, panel.y), "set"),
            shapes,
            labels(named, _RATE_TOP, _RATE_BOTTOM, gap=13.0),
        ]
    )
    if min(rates) == max(rates):
        return drawn, f"Learning rate {number(rates[0])} throughout."
    return drawn, f"Learning rate between {number(min(rates))} and {number(max(rates))}."


def _columns(training: Training, means: list[float]) -> list[tuple[float, str]]:
    """Write the read-out of each step, of at most 300 of them."""
    stride = max(1, math.ceil(len(means) / 300))
    columns = []
    for i in range(0, len(means), stride):
        words = f"step {i:,}   loss {number(training.losses[i])}   mean {number(means[i])}"
        at = int(i / (training.backwards_per_step or 1.0))
        if at < len(training.rates):
            words += f"   rate {number(training.rates[at])}"
        columns.append((float(i), words))
    return columns
