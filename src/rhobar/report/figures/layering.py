"""Places for the nodes of a directed acyclic graph: layers from the top down, few crossings, short edges.

1. Layers by the longest path; what nothing feeds moves down to just above its first use.
2. An edge over several layers gets a point in each (a dummy).
3. Order within the layers by the mean place of the neighbours, swept down and up.
4. Coordinates by least squares: each layer as near to its neighbours' places as its order and gaps allow, which is an
   isotonic regression.

Reference: Sugiyama, Tagawa and Toda (1981), Methods for visual understanding of hierarchical system structures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Layering", "layer"]

_SWEEPS = 12


@dataclass(frozen=True)
class Layering:
    """Where everything goes, in units of the widths that were given; layers count from 0 at the top.

    Attributes:
        x: Centre of each node; the leftmost edge of all is 0.
        layers: Layer of each node.
        routes: For each edge the (x, layer) of each point between its ends.
        width: Of the whole.
        num_layers: Of the whole.
    """

    x: tuple[float, ...]
    layers: tuple[int, ...]
    routes: tuple[tuple[tuple[float, int], ...], ...]
    width: float
    num_layers: int


def layer(num_nodes: int, edges: Sequence[tuple[int, int]], *, node_width: float, dummy_width: float) -> Layering:
    """Place nodes whose edges lead from lower to higher indices.

    Args:
        num_nodes: Nodes 0, …, num_nodes − 1.
        edges: (source, target) with source < target.
        node_width: Room for a node, gap included.
        dummy_width: Room for an edge that passes.

    Example:
        >>> layer(3, [(0, 2), (1, 2)], node_width=10.0, dummy_width=2.0).x
        (5.0, 15.0, 10.0)
    """
    layers = _layers(num_nodes, edges)
    above: list[list[int]] = [[] for _ in range(num_nodes)]
    below: list[list[int]] = [[] for _ in range(num_nodes)]
    levels, dummies = list(layers), []
    for source, target in edges:
        passed = []
        last = source
        for level in range(layers[source] + 1, layers[target]):
            dummy = len(levels)
            levels.append(level)
            above.append([last])
            below.append([])
            below[last].append(dummy)
            passed.append(dummy)
            last = dummy
        above[target].append(last)
        below[last].append(target)
        dummies.append(passed)
    rows: list[list[int]] = [[] for _ in range(max(levels, default=0) + 1)]
    for node, level in enumerate(levels):
        rows[level].append(node)
    widths = [node_width] * num_nodes + [dummy_width] * (len(levels) - num_nodes)
    x = _coordinates(_ordered(rows, above, below), above, below, widths)
    left = min((x[v] - widths[v] / 2 for v in range(len(x))), default=0.0)
    right = max((x[v] + widths[v] / 2 for v in range(len(x))), default=0.0)
    routes = tuple(tuple((x[v] - left, levels[v]) for v in passed) for passed in dummies)
    return Layering(tuple(x[v] - left for v in range(num_nodes)), tuple(layers), routes, right - left, len(rows))


def _layers(num_nodes: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    layers, fed = [0] * num_nodes, {target for _, target in edges}
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        layers[target] = max(layers[target], layers[source] + 1)
    first_use: dict[int, int] = {}
    for source, target in edges:
        first_use[source] = min(first_use.get(source, layers[target]), layers[target])
    return [layers[v] if v in fed else first_use.get(v, 1) - 1 for v in range(num_nodes)]


def _ordered(rows: list[list[int]], above: list[list[int]], below: list[list[int]]) -> list[list[int]]:
    """Sort each layer by the mean place of what it is joined to, from the top down and back."""
    place = {node: float(k) for row in rows for k, node in enumerate(row)}
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            joined = above if down else below
            means = {v: _mean([place[u] for u in joined[v]], place[v]) for v in row}
            row.sort(key=means.__getitem__)
            place.update((node, float(k)) for k, node in enumerate(row))
    return rows


def _coordinates(
    rows: list[list[int]], above: list[list[int]], below: list[list[int]], widths: list[float]
) -> list[float]:
    x = [0.0] * len(widths)
    for row in rows:
        for node, start in zip(row, _starts(row, widths), strict=True):
            x[node] = start
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_mean([x[u] for u in above[v] + below[v]], x[v]) for v in row]
            starts = _starts(row, widths)
            level = _isotonic([w - s for w, s in zip(wanted, starts, strict=True)])
            for node, start, moved in zip(row, starts, level, strict=True):
                x[node] = start + moved
    return x


def _starts(row: list[int], widths: list[float]) -> list[float]:
    """Centres of a row packed from 0."""
    starts, end = [], 0.0
    for node in row:
        starts.append(end + widths[node] / 2)
        end += widths[node]
    return starts


def _isotonic(values: list[float]) -> list[float]:
    """Return the non-decreasing sequence nearest to the values, by pooling adjacent violators."""
    pools: list[tuple[float, int]] = []
    for value in values:
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, m), (b, n) = pools[-2:]
            pools[-2:] = [((a * m + b * n) / (m + n), m + n)]
    return [mean for mean, count in pools for _ in range(count)]


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default
