"""``rhobar optimizers``: list the update rules and the optimizers."""

from inspect import cleandoc

import typer

__all__ = ["optimizers"]


def optimizers(name: str = typer.Argument("", help="One rule or optimizer, to read its page.")) -> None:
    """List the update rules and optimizers, or explain one."""
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
