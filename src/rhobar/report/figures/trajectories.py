"""The ways of several update rules over one landscape, a small panel each, the first to arrive first."""

import math
from collections.abc import Sequence

import torch
from markupsafe import Markup

from rhobar.optim.landscapes import Landscape
from rhobar.optim.trajectories import Trajectory
from rhobar.report.figures.contours import contour
from rhobar.report.figures.figure import Figure
from rhobar.report.scales import Linear
from rhobar.report.svg import drawing, element, group, path, text
from rhobar.report.wording import number, plural

__all__ = ["STYLE", "trajectories_figure"]

_COLUMNS, _PANEL, _GAP, _HEAD, _TOP = 4, 210.0, 18.0, 40.0, 58.0
_GRID, _LEVELS = 60, 14

STYLE = """svg .contour { fill: none; stroke: var(--faint); stroke-width: .7; opacity: .55; }
svg .way { stroke: var(--cause); stroke-width: 1.5; }
svg .iterate { fill: var(--cause); }
svg .start { fill: var(--paper); stroke: var(--ink); stroke-width: 1.4; }
svg .goal { stroke: var(--ink); stroke-width: 1.4; }
svg .frame { fill: none; stroke: var(--rule); }
svg .title { font-size: 15px; font-weight: 600; fill: var(--ink); }"""
"""Rules of this figure, for `rhobar.report.standalone`."""


def trajectories_figure(landscape: Landscape, ways: Sequence[Trajectory]) -> Figure:
    """Draw every way over the contours of the loss.

    Args:
        landscape: Where; its window is shown, and what leaves it is cut off.
        ways: From `rhobar.optim.trajectories.compare_rules`.

    Returns:
        The figure.
    """
    x0, x1, y0, y1 = landscape.window
    height = _PANEL * (y1 - y0) / (x1 - x0)
    x, y = Linear(x0, x1, 0.0, _PANEL), Linear(y0, y1, height, 0.0)
    rows = math.ceil(len(ways) / _COLUMNS)
    columns = min(_COLUMNS, len(ways))
    width = columns * (_PANEL + _GAP) - _GAP + 2 * _GAP
    shapes = [
        text(_GAP, 26, f"L = {landscape.formula}: {landscape.lesson}", "title"),
        text(_GAP, 44, "Each rule at its best rate of one grid. Circle: start. Cross: minimum.", "label"),
        element("defs", group([_contours(landscape, height)], id="contours"), _window(height)),
    ]
    for i, way in enumerate(ways):
        left, top = _GAP + (i % _COLUMNS) * (_PANEL + _GAP), _TOP + (i // _COLUMNS) * (height + _HEAD + _GAP)
        shapes.append(group(_panel(landscape, way, x, y, height), transform=f"translate({left:.1f} {top:.1f})"))
    arrived = [way for way in ways if way.steps is not None]
    title = f"{landscape.name}: {len(arrived)} of {plural(len(ways), 'rule')} arrive"
    words = "; ".join(f"{way.rule} {_arrival(way)}" for way in ways)
    total = _TOP + rows * (height + _HEAD + _GAP)
    svg = drawing(width, total, *shapes, title=title, describe=words)
    caption = "Dots are iterates. Arrived: within a thousandth of the way down, for good."
    return Figure("trajectories", title, caption, svg)


def _arrival(way: Trajectory) -> str:
    if way.steps is None:
        return f"not in {plural(len(way.losses) - 1, 'step')}"
    return f"in {plural(way.steps, 'step')}"


def _panel(landscape: Landscape, way: Trajectory, x: Linear, y: Linear, height: float) -> list[Markup]:
    """Draw one rule: its name and numbers, contours, way, start and minima."""
    points = [(a, b) for a, b in way.points.tolist()]
    seen = next((i for i, p in enumerate(points) if not all(math.isfinite(c) for c in p)), len(points))
    reach = 50 * (x.end - x.start)  # what leaves the window is clipped, but numbers must stay drawable
    placed = [(_free(x, a, reach), _free(y, b, reach)) for a, b in points[:seen]]
    below = _HEAD - 6
    inside = group(
        [
            element("use", href="#contours", class_="contour"),  # inherited: no rule reaches what is used
            path(placed, "way"),
            group(element("circle", cx=a, cy=b, r=1.6, class_="iterate") for a, b in placed[:400]),
            element("circle", cx=placed[0][0], cy=placed[0][1], r=4, class_="start"),
            *(_cross(x(a), y(b)) for a, b in landscape.minima),
        ],
        clip_path="url(#window)",
    )
    return [
        text(0, 12, way.rule, "heading"),
        text(0, 27, f"{_arrival(way)}, η = {number(way.lr)}", "label" if way.steps is not None else "label symptom"),
        group([inside, element("rect", x=0, y=0, width=_PANEL, height=height, class_="frame")],
              transform=f"translate(0 {below:.1f})"),
    ]  # fmt: skip


def _free(scale: Linear, value: float, reach: float) -> float:
    """Place a value without clamping it to the window, so that a way that leaves it keeps its direction."""
    share = (value - scale.low) / (scale.high - scale.low)
    return min(max(scale.start + share * (scale.end - scale.start), -reach), reach)


def _cross(x: float, y: float) -> Markup:
    return group(element("line", x1=x - 4, y1=y - 4 * s, x2=x + 4, y2=y + 4 * s, class_="goal") for s in (1, -1))


def _window(height: float) -> Markup:
    return element("clipPath", element("rect", x=0, y=0, width=_PANEL, height=height), id="window")


def _contours(landscape: Landscape, height: float) -> Markup:
    """Draw levels that are even in the logarithm of the height above the minimum."""
    x0, x1, y0, y1 = landscape.window
    rows = max(2, round(_GRID * (y1 - y0) / (x1 - x0)))
    ys = torch.linspace(y1, y0, rows + 1, dtype=torch.float64)
    xs = torch.linspace(x0, x1, _GRID + 1, dtype=torch.float64)
    theta = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), -1)
    least = float(landscape.loss(torch.tensor(landscape.minima[0], dtype=torch.float64)))
    z = landscape.loss(theta) - least
    low, high = float(torch.quantile(z, 0.02)), float(torch.quantile(z, 0.98))
    low = max(low, high / 1e4)
    levels = [low * (high / low) ** (i / (_LEVELS - 1)) for i in range(_LEVELS)]
    a, b = _PANEL / _GRID, height / rows
    pieces = [piece for level in levels for piece in contour(z.tolist(), level)]
    d = "".join(f"M{p[0] * a:.1f},{p[1] * b:.1f}L{q[0] * a:.1f},{q[1] * b:.1f}" for p, q in pieces)
    return element("path", d=d)
