"""A page of the ways that the update rules take over four landscapes, drawn anew at every build."""

from pathlib import Path

from rhobar.optim.landscapes import LANDSCAPES, Landscape
from rhobar.optim.trajectories import compare_rules
from rhobar.report.figures.trajectories import STYLE, trajectories_figure
from rhobar.report.standalone import standalone

__all__ = ["landscapes_page"]

STEPS = 200

_HEAD = f"""# Optimizers on four landscapes

Every update rule from the same point, each at the best of the rates that were tried for it, over {STEPS} steps at most.
`rhobar optimizers --compare all --out pictures` draws the same.
"""


def landscapes_page(folder: Path) -> str:
    """Draw the ways into `folder`, and return the page that shows them."""
    folder.mkdir(parents=True, exist_ok=True)
    return "\n\n".join([_HEAD, *(_landscape(name, landscape, folder) for name, landscape in LANDSCAPES.items())])


def _landscape(name: str, landscape: Landscape, folder: Path) -> str:
    ways = compare_rules(landscape, num_steps=STEPS)
    picture = standalone(trajectories_figure(landscape, ways).svg, style=STYLE)
    (folder / f"landscape-{name}.svg").write_text(picture, encoding="utf-8")
    rows = [f"| {way.rule} | {way.lr:.4g} | {way.steps or f'more than {STEPS}'} |" for way in ways]
    table = "\n".join(["| rule | rate | steps to the minimum |", "|---|---|---|", *rows])
    lesson = f"L = {landscape.formula}: {landscape.lesson}."
    return "\n\n".join([f"## {name.capitalize()}", lesson, f"![{name}](landscape-{name}.svg)", table])
