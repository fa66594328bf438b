"""``rhobar``: the commands. Nothing here imports torch; a watched script does that itself."""

import typer

from rhobar.cli.catalogue import activations, initializers, losses
from rhobar.cli.faults import faults
from rhobar.cli.lab import lab
from rhobar.cli.models import models
from rhobar.cli.optimizers import optimizers
from rhobar.cli.probe import probe
from rhobar.cli.repair import repair
from rhobar.cli.run import run
from rhobar.cli.runs import diff, export, runs, show
from rhobar.cli.search import search
from rhobar.cli.train import train

__all__ = ["app", "main"]

app = typer.Typer(
    name="rhobar",
    help="Neural networks you can see into: why a training does not learn, and what to change.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_OF_SCRIPTS = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}
app.command("run", context_settings=_OF_SCRIPTS)(run)
app.command("repair", context_settings=_OF_SCRIPTS)(repair)
_PLAIN = (train, search, runs, show, diff, export, probe, faults, activations, initializers, losses, models, optimizers)
for _command in _PLAIN:
    app.command(_command.__name__)(_command)
app.add_typer(lab)


@app.command("findings")
def findings(name: str = typer.Argument("", help="One finding, to read its page.")) -> None:
    """List what a diagnosis can say, or explain one finding."""
    from rhobar.diagnose import findings as _registered
    from rhobar.diagnose.rule import RULES
    from rhobar.experiments import shown_by

    assert _registered
    if name and name not in RULES:
        typer.echo(f"There is no finding {name!r}; `rhobar findings` lists all {len(RULES)}.", err=True)
        raise typer.Exit(2)
    if name:
        typer.echo(f"# {name} ({RULES[name].kind})\n\n{RULES[name].doc.strip()}")
        for experiment in shown_by(name):
            typer.echo(f"\nSee the mechanism: rhobar lab run {experiment.name}\n  {experiment.claim}")
        return
    for rule in sorted(RULES.values(), key=lambda r: (r.kind, r.id)):
        typer.echo(f"{rule.kind:8} {rule.id:28} {rule.doc.strip().splitlines()[0]}")


def main() -> None:
    """Entry point of the ``rhobar`` command."""
    app()
