"""What a probe says of a network, as plain tables and plots that a report can print and draw."""

import math
from dataclasses import dataclass, field

from rhobar.probes.estimate import Estimate

__all__ = ["Cell", "Curve", "Heat", "Plot", "Reading", "Table", "row"]

Cell = str | float | Estimate | None


@dataclass(frozen=True)
class Table:
    """Rows under named columns; the first column names the row.

    Attributes:
        title: What the rows are.
        columns: Names, with units.
        rows: Cells; numbers with an error are `Estimate`, what is not known is None.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Curve:
    """Points of a plot.

    Attributes:
        name: For the label beside it.
        x: Places.
        y: Values; NaN is a gap.
        stderr: Errors of y, as many, or none.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    stderr: tuple[float, ...] = ()


@dataclass(frozen=True)
class Plot:
    """Curves over one axis.

    Attributes:
        title: What is to be seen.
        x_label: Name and unit of x.
        y_label: Of y.
        curves: At most a handful.
        points: Whether to draw points rather than lines.
        log: Whether x is best seen on a logarithmic axis.
    """

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    points: bool = False
    log: bool = False


@dataclass(frozen=True)
class Heat:
    """A matrix of values.

    Attributes:
        title: What is to be seen.
        rows: Names of the rows.
        columns: Names of the columns.
        values: Row by row.
        unit: What the values are.
    """

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    unit: str = ""


@dataclass(frozen=True)
class Reading:
    """What one probe found.

    Attributes:
        headline: One sentence with the number that matters.
        tables: Numbers.
        figures: Plots and matrices.
        notes: What could not be measured, each in one line, and what a reader should know.
    """

    headline: str
    tables: tuple[Table, ...] = ()
    figures: tuple[Plot | Heat, ...] = ()
    notes: tuple[str, ...] = field(default=())


def row(name: str, *cells: Cell) -> tuple[Cell, ...]:
    """Return a row, with NaN as what is not known.

    Example:
        >>> row("a", 1.0, float("nan"), Estimate(2.0, 0.1))
        ('a', 1.0, None, Estimate(value=2.0, stderr=0.1))
    """

    def known(cell: Cell) -> Cell:
        value = cell.value if isinstance(cell, Estimate) else cell
        return None if isinstance(value, float) and math.isnan(value) else cell

    return (name, *map(known, cells))
