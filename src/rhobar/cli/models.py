"""``rhobar models``: the architectures, or the page of one."""

import inspect

import typer

__all__ = ["models"]


def models(name: str = typer.Argument("", help="One architecture, to read its page.")) -> None:
    """List the architectures with their parameters, or explain one."""
    from rhobar.nn.architectures.table import ARCHITECTURES

    if name and name not in ARCHITECTURES:
        typer.echo(f"There is no architecture {name!r}; `rhobar models` lists all {len(ARCHITECTURES)}.", err=True)
        raise typer.Exit(2)
    if name:
        row = ARCHITECTURES[name]
        page = inspect.getdoc(type(row.small())) or ""
        typer.echo(f"# {name} ({row.num_parameters:,} parameters, {row.paper})\n\n{page}")
        return
    for row in ARCHITECTURES.values():
        typer.echo(f"{row.name:22} {row.num_parameters:>11,}  {row.paper:31}  {row.summary}")
