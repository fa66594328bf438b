"""Contour lines of a function on a grid, by marching squares.

Each cell of the grid is cut where the level lies between two of its corners; the cut is placed linearly. A saddle cell,
whose opposite corners lie on the same side, is resolved by the mean of its corners.

Reference: Lorensen and Cline (1987), Marching cubes, in two dimensions.
"""

from collections.abc import Sequence

__all__ = ["Segment", "contour"]

Segment = tuple[tuple[float, float], tuple[float, float]]
"""A straight piece of a line, in units of the grid: (column, row)."""


def contour(values: Sequence[Sequence[float]], level: float) -> list[Segment]:
    """Return the line on which the function has this level.

    Args:
        values: Rows of columns.
        level: The level.

    Returns:
        Its pieces, one or two a cell.

    Example:
        >>> contour([[0.0, 1.0], [0.0, 1.0]], 0.25)
        [((0.25, 0.0), (0.25, 1.0))]
    """
    segments: list[Segment] = []
    for row in range(len(values) - 1):
        for column in range(len(values[row]) - 1):
            segments += _cell(values, row, column, level)
    return segments


def _cell(values: Sequence[Sequence[float]], row: int, column: int, level: float) -> list[Segment]:
    """Cut one cell; its edges are named top, right, bottom, left, in turn."""
    around = ((column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1))
    corners = [values[r][c] - level for c, r in around]
    cuts: dict[int, tuple[float, float]] = {}
    for edge in range(4):
        a, b = corners[edge], corners[(edge + 1) % 4]
        if (a < 0) != (b < 0):
            share = a / (a - b)
            (c1, r1), (c2, r2) = around[edge], around[(edge + 1) % 4]
            cuts[edge] = (c1 + share * (c2 - c1), r1 + share * (r2 - r1))
    if len(cuts) < 4:
        found = list(cuts.values())
        return [(found[0], found[1])] if found else []
    first_is_cut_off = (corners[0] < 0) != (sum(corners) < 0)
    pairs = ((3, 0), (1, 2)) if first_is_cut_off else ((0, 1), (2, 3))
    return [(cuts[a], cuts[b]) for a, b in pairs]
