"""A cell of a table in words."""

import math

from rhobar.probes.estimate import Estimate
from rhobar.probes.survey import Table
from rhobar.probes.survey.reading import Cell
from rhobar.report.wording import clean, number, shorten

__all__ = ["chunks", "words"]


def words(cell: Cell, limit: int = 60) -> str:
    """Write a cell: a name, a number with its error, or a dash for what is not known.

    Example:
        >>> words(Estimate(2.3031, 0.021)), words(12.0), words(None), words("a.b")
        ('2.303 ± 0.021', '12', '–', 'a.b')
    """
    if cell is None:
        return "–"
    if isinstance(cell, str):
        indent = len(cell) - len(cell.lstrip(" "))
        return "\u00a0" * indent + shorten(clean(cell.strip()), limit)
    if isinstance(cell, Estimate):
        if not math.isfinite(cell.stderr) or not math.isfinite(cell.value):
            return number(cell.value)
        return (
            f"{number(cell.value, _digits(cell))} ± {number(cell.stderr, 2)}" if cell.stderr else number(cell.value, 4)
        )
    whole = math.isfinite(cell) and cell == int(cell) and abs(cell) < 1e6
    return f"{cell:,.0f}".replace("-", "−") if whole else number(cell)


def _digits(e: Estimate) -> int:
    """Return as many significant digits as reach the error's second, three at least, six at most."""
    if e.value == 0 or e.stderr <= 0:
        return 3
    return min(max(math.floor(math.log10(abs(e.value))) - math.floor(math.log10(e.stderr)) + 2, 2), 6)


def chunks(table: Table, width: int) -> list[Table]:
    """Split a table that is too wide into several with the same first column, each as wide as allowed.

    Example:
        >>> wide = Table("t", ("a", "b" * 30, "c" * 30), (("x", 1.0, 2.0),))
        >>> [part.columns[1][0] for part in chunks(wide, 40)]
        ['b', 'c']
    """
    cells = [[words(cell) for cell in r] for r in table.rows]
    sizes = [max([len(name), *(len(r[i]) for r in cells)]) + 2 for i, name in enumerate(table.columns)]
    parts: list[list[int]] = []
    room = 0
    for i in range(1, len(sizes)):
        if not parts or room + sizes[i] > width:
            parts.append([])
            room = sizes[0]
        parts[-1].append(i)
        room += sizes[i]
    kept = [[0, *part] for part in parts] or [[0]]
    return [
        Table(
            table.title if k == 0 else f"{table.title}, continued",
            tuple(table.columns[i] for i in part),
            tuple(tuple(r[i] for i in part) for r in table.rows),
        )
        for k, part in enumerate(kept)
    ]
