"""Readings in the terminal, one after the other as they come."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from rhobar.probes.survey import Outcome, Table
from rhobar.report.readings.cells import chunks, words
from rhobar.report.wording import clean, duration, shorten

__all__ = ["print_readings"]

_ROWS = 40
_PROSE = 100


def print_readings(outcome: Outcome, console: Console) -> None:
    """Print the sentence, the tables and the notes of one probe, or why it could not be made.

    Args:
        outcome: What became of the probe.
        console: Where to print; tables that are too wide for it are split.
    """
    console.print()
    head = Text.assemble((outcome.name, "bold cyan"), (f"  {duration(outcome.seconds)}", "dim"))
    console.print(head, highlight=False)
    if outcome.reading is None:
        _prose(console, Text.assemble(("not measured: ", "yellow"), shorten(clean(outcome.reason), 400)))
        return
    _prose(console, Text(clean(outcome.reading.headline)))
    for table in outcome.reading.tables:
        if table.rows:
            _table(console, table)
    for note in outcome.reading.notes:
        _prose(console, Text(f"note: {shorten(clean(note), 300)}", "dim"))


def _prose(console: Console, text: Text) -> None:
    width = max(min(console.width, _PROSE) - 2, 20)
    for line in text.wrap(console, width):
        line.rstrip()
        console.print(Text("  ") + line, highlight=False, soft_wrap=True)


def _table(console: Console, table: Table) -> None:
    """Print a table, in parts if it is too wide, without trailing blanks."""
    for part in chunks(table, console.width - 4):
        grid = Grid(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for i, name in enumerate(part.columns):
            grid.add_column(name, justify="right" if i else "left", header_style="dim", overflow="fold")
        for cells in part.rows[:_ROWS]:
            grid.add_row(*(Text(words(cell)) for cell in cells))
        console.print()
        _prose(console, Text(part.title, "bold"))
        for segments in console.render_lines(grid, console.options.update(width=console.width - 2), pad=False):
            line = Text.assemble(*((segment.text, segment.style or "") for segment in segments))
            line.rstrip()
            if line:
                console.print(Text("  ") + line, highlight=False, soft_wrap=True)
        if len(part.rows) > _ROWS:
            _prose(console, Text(f"and {len(part.rows) - _ROWS} more rows; the page and the JSON hold all", "dim"))
