"""``rhobar activations``, ``losses``, ``initializers``: what the tables hold, one line each, or one row in full.

Nothing here imports torch until a command runs.
"""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

import typer

__all__ = ["activations", "initializers", "losses"]

_Name = Annotated[str, typer.Argument(help="One of them, to read all that is known of it.")]


def activations(name: _Name = "") -> None:
    """List the activation functions, or say all that is known of one."""
    from rhobar.nn.activations import ACTIVATIONS

    _show("activation", ACTIVATIONS, name)


def losses(name: _Name = "") -> None:
    """List the losses, or say all that is known of one."""
    from rhobar.nn.losses import LOSSES

    _show("loss", LOSSES, name)


def initializers(name: _Name = "") -> None:
    """List the initialisers, or say all that is known of one."""
    from rhobar.nn.initializers import INITIALIZERS

    _show("initializer", INITIALIZERS, name)


def _show(kind: str, table: Mapping[str, Any], name: str) -> None:
    """Print a line for every row, or one row field by field."""
    if name and name not in table:
        plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
        typer.echo(f"There is no {kind} {name!r}; `rhobar {plural}` lists all {len(table)}.", err=True)
        raise typer.Exit(2)
    if name:
        _page(table[name])
        return
    width = max(map(len, table))
    for row in table.values():
        typer.echo(f"{row.name:{width}}  {row.summary}")


def _page(row: Any) -> None:  # noqa: ANN401 (a row of any table)
    """Print the fields of a row that a reader can use; functions are left out."""
    typer.echo(f"# {row.name}\n\n{row.summary}\n")
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        if field.name not in ("name", "summary") and not callable(value) and value not in ("", ()):
            typer.echo(f"{field.name.replace('_', ' '):18} {_printed(value)}")


def _printed(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(_printed(part) for part in value)
    return "none" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
