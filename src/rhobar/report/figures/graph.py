"""The computational graph of a loss: what was made from what, and how strongly each step depends on its inputs."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from rhobar.nn.backprop.graph import ComputationalGraph, GraphEdge, GraphNode
from rhobar.report.figures.figure import Figure
from rhobar.report.figures.layering import Layering, layer
from rhobar.report.svg import drawing, element, group, path, text
from rhobar.report.wording import number, plural, shorten

__all__ = ["graph_figure"]

_WIDE, _HIGH = 152.0, 36.0
_GAP, _BETWEEN = 18.0, 58.0
_MARGIN = 16.0
_LABEL = 46.0
_MOST_LABELS = 8
_STYLE = """
svg.graph { color-scheme: light dark; --paper: #fdfdfc; --ink: #1b1c1e; --soft: #5c6168; --rule: #b4b6ba;
  --wash: #efefec; --symptom: #3458b8; font-family: Inter, ui-sans-serif, system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg.graph { --paper: #141517; --ink: #e9e9e6; --soft: #a5aab1; --rule: #5a5f66;
  --wash: #232528; --symptom: #93b1ff; } }
svg.graph .ground { fill: var(--paper); }
svg.graph text { text-anchor: middle; font-size: 12px; fill: var(--ink); }
svg.graph .shape { font-size: 10.5px; fill: var(--soft); }
svg.graph .size { font-size: 10.5px; fill: var(--soft); stroke: var(--paper); stroke-width: 4px; paint-order: stroke; }
svg.graph .box { fill: var(--paper); stroke: var(--soft); stroke-width: 1; }
svg.graph .box.parameter, svg.graph .box.input { fill: var(--wash); stroke: none; }
svg.graph .box.loss { stroke: var(--ink); stroke-width: 2; }
svg.graph .edge { fill: none; stroke: var(--rule); }
svg.graph .edge.none { stroke: var(--symptom); stroke-dasharray: 4 4; }
svg.graph .size.none { fill: var(--symptom); }
svg.graph .head { fill: var(--soft); stroke: none; }
"""


def graph_figure(graph: ComputationalGraph, *, views: bool = False) -> Figure:
    """Draw a computational graph from its variables at the top to the loss at the bottom.

    The drawing carries its own style, so that it may stand alone in a file, in light and dark.

    Args:
        graph: From `rhobar.nn.backprop.computational_graph`.
        views: Also draw operations that only move entries around.

    Example:
        >>> import torch
        >>> from rhobar.nn.backprop import computational_graph
        >>> w = torch.ones(2, requires_grad=True)
        >>> graph_figure(computational_graph((w**2).sum(), {"w": w})).title
        '2 operations on 1 variable'
    """
    graph = graph if views else graph.without_views()
    ends = [(edge.source, edge.target) for edge in graph.edges]
    places = layer(len(graph.nodes), ends, node_width=_WIDE + _GAP, dummy_width=_GAP)
    width, height = places.width + 2 * _MARGIN, places.num_layers * (_HIGH + _BETWEEN) - _BETWEEN + 2 * _MARGIN
    title, caption = _title(graph), "Boxes: variables (filled) and operations, with shapes. "
    caption += "Arrows: the size ‖∂output/∂input‖ of each local derivative, thicker where it is larger per output; "
    caption += "≈ marks an estimate. Dashed: the derivative is zero. Point at a box or an arrow for all of it."
    svg = drawing(
        width,
        height,
        element("style", Markup(_STYLE)),
        element("rect", width=width, height=height, class_="ground"),
        group(_edges(graph, places)),
        group(_box(node, *_centre(places, node.index)) for node in graph.nodes),
        title="Computational graph",
        describe=f"{title}.",
        class_="graph",
        style=f"width: {width:.0f}px",
        xmlns="http://www.w3.org/2000/svg",
    )
    return Figure("graph", title, caption, svg)


def _title(graph: ComputationalGraph) -> str:
    variables = sum(node.kind in ("parameter", "input") for node in graph.nodes)
    words = f"{plural(len(graph.nodes) - variables, 'operation')} on {plural(variables, 'variable')}"
    dead = sum(edge.derivative.size == 0 for edge in graph.edges)
    return words + (f"; {plural(dead, 'derivative')} of size zero" if dead else "")


def _centre(places: Layering, index: int) -> tuple[float, float]:
    return _MARGIN + places.x[index], _level(places.layers[index])


def _level(row: int) -> float:
    return _MARGIN + _HIGH / 2 + row * (_HIGH + _BETWEEN)


def _box(node: GraphNode, x: float, y: float) -> Markup:
    shape = " × ".join(map(str, node.shape)) or "number"
    round_ = {"operation": 4.0, "parameter": 0.0, "input": _HIGH / 2, "loss": 4.0}[node.kind]
    rect = element(
        "rect", x=x - _WIDE / 2, y=y - _HIGH / 2, width=_WIDE, height=_HIGH, rx=round_, class_=f"box {node.kind}"
    )
    words = [text(x, y - 2, shorten(node.label, 19), "label"), text(x, y + 12, shorten(shape, 22), "shape")]
    return group([element("title", f"{node.label} ({node.operation or node.kind}), {shape}"), rect, *words])


def _edges(graph: ComputationalGraph, places: Layering) -> list[Markup]:
    """Draw the edges into each node side by side, in the order in which they come from above."""
    entering: dict[int, list[int]] = {}
    for k, edge in enumerate(graph.edges):
        entering.setdefault(edge.target, []).append(k)
    lines, labels = [], []
    for target, edges in entering.items():
        x, y = _centre(places, target)
        edges.sort(key=lambda k: _from(graph.edges[k], places, k)[-1][0])
        step = min(_LABEL, (_WIDE - 40) / max(len(edges) - 1, 1))
        for place, k in enumerate(edges):
            end = x + (place - (len(edges) - 1) / 2) * step, y - _HIGH / 2
            points = [*_from(graph.edges[k], places, k), end]
            lines.append(_line(graph, graph.edges[k], points))
            above = 24 if len(edges) > 3 and place % 2 else 12  # many labels stand in two rows
            if len(edges) <= _MOST_LABELS:
                labels.append(_label(graph, graph.edges[k], end[0], end[1] - above))
    return lines + labels


def _from(edge: GraphEdge, places: Layering, k: int) -> list[tuple[float, float]]:
    """Points of an edge but the last: the lower side of its source, and where it passes other layers."""
    x, y = _centre(places, edge.source)
    passed = [(_MARGIN + x, _level(row) + side * _HIGH / 2) for x, row in places.routes[k] for side in (-1, 1)]
    return [(x, y + _HIGH / 2), *passed]


def _line(graph: ComputationalGraph, edge: GraphEdge, points: Sequence[tuple[float, float]]) -> Markup:
    """Draw an arrow as thick as the derivative is large, per output."""
    size, outputs = edge.derivative.size, math.prod(graph.nodes[edge.target].shape)
    gain = size / math.sqrt(outputs) if outputs else math.nan
    thick = 1.0 + 0.5 * min(max(math.log10(gain) + 2, 0.0), 4.0) if 0 < gain < math.inf else 1.0
    kind = "edge none" if size == 0 else "edge"
    title = element("title", _told(graph, edge))
    x, y = points[-1]
    curve = element("path", title, d=_curve(points), class_=kind, stroke_width=f"{thick:.2f}")
    return group([curve, path([(x - 3.5, y - 7), (x, y), (x + 3.5, y - 7)], "head")])


def _label(graph: ComputationalGraph, edge: GraphEdge, x: float, y: float) -> Markup:
    found = edge.derivative
    shown = "?" if math.isnan(found.size) else ("" if found.exact else "≈ ") + number(found.size)
    return text(x, y, shown, "size none" if found.size == 0 else "size", title=_told(graph, edge))


def _told(graph: ComputationalGraph, edge: GraphEdge) -> str:
    found, source, target = edge.derivative, graph.nodes[edge.source].label, graph.nodes[edge.target].label
    error = found.reason or ("exact" if found.exact else f"± {number(found.stderr)}")
    return f"∂{target}/∂{source}: {number(found.size)} ({error})"


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """Join points by curves that leave and arrive upright."""
    (x, y), *rest = points
    words = [f"M{x:.1f},{y:.1f}"]
    for to_x, to_y in rest:
        half = (y + to_y) / 2
        words.append(f"C{x:.1f},{half:.1f} {to_x:.1f},{half:.1f} {to_x:.1f},{to_y:.1f}")
        x, y = to_x, to_y
    return "".join(words)
