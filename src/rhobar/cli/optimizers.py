"""``rhobar optimizers``: list the update rules and the optimizers."""

from inspect import cleandoc
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["optimizers"]


def optimizers(
    name: Annotated[str, typer.Argument(help="One rule or optimizer, to read its page.")] = "",
    compare: Annotated[str, typer.Option(help="Draw all rules on a landscape: quadratic, rosenbrock, …, or all.")] = "",
    out: Annotated[Path, typer.Option(help="Folder for the drawings.")] = Path(".rhobar"),
    steps: Annotated[int, typer.Option(min=1, help="Steps of a comparison.")] = 200,
) -> None:
    """List the update rules and optimizers, explain one, or compare all on a landscape."""
    if compare:
        _compare(compare, out, steps)
        return
    from rich.console import Console

    from rhobar.optim import OPTIMIZERS, RULES

    pages = {
        "rules, as formulas": {key: rule.step.__doc__ or "" for key, rule in RULES.items()},
        "optimizers, beside torch.optim": {key: make.__doc__ or "" for key, make in OPTIMIZERS.items()},
    }
    found = {section: named[name] for section, named in pages.items() if name in named}
    if name and not found:
        total = sum(len(named) for named in pages.values())
        typer.echo(f"There is no rule or optimizer {name!r}; `rhobar optimizers` lists all {total}.", err=True)
        raise typer.Exit(2)
    if name:
        typer.echo("\n\n".join(f"# {name} ({section})\n\n{cleandoc(page)}" for section, page in found.items()))
        return
    console = Console(highlight=False, soft_wrap=True)
    for section, named in pages.items():
        console.print(f"[bold]{section}[/bold]")
        for key, page in named.items():
            console.print(f"  [cyan]{key:18}[/cyan] {page.strip().splitlines()[0]}")


def _compare(which: str, out: Path, steps: int) -> None:
    """Print when each rule arrives, and draw its way."""
    from rhobar.cli.files import write_text
    from rhobar.optim.landscapes import LANDSCAPES
    from rhobar.optim.trajectories import compare_rules
    from rhobar.report.figures.trajectories import STYLE, trajectories_figure
    from rhobar.report.standalone import standalone

    if which != "all" and which not in LANDSCAPES:
        typer.echo(f"There is no landscape {which!r}; there are {', '.join(LANDSCAPES)}, and all.", err=True)
        raise typer.Exit(2)
    for name in LANDSCAPES if which == "all" else [which]:
        landscape = LANDSCAPES[name]
        ways = compare_rules(landscape, num_steps=steps)
        typer.echo(f"{name}: L = {landscape.formula}, {landscape.lesson}")
        for way in ways:
            arrived = "not in" if way.steps is None else "in"
            typer.echo(f"  {way.rule:17} {arrived:6} {way.steps or steps:4} steps   rate {way.lr:.4g}")
        path = out / f"{name}.svg"
        write_text(path, standalone(trajectories_figure(landscape, ways).svg, style=STYLE))
        typer.echo(f"  {path}")
