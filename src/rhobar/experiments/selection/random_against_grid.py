"""Random search beats the grid where few of the parameters matter: n points try n values of each, a grid n^(1/d)."""

import torch

from rhobar.experiments.checks import at_least, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import mean_of, share_of
from rhobar.select import Real, grid_points, random_points

__all__ = ["EXPERIMENT"]

_VALUES, _WIDTH = 3, 0.05
"""Values a parameter on the grid; width of the region of good values of the parameter that matters."""
_DIMS = (1, 2, 3, 4)


def _hits(dim: int, setting: Setting) -> tuple[torch.Tensor, torch.Tensor, int, int]:
    """Return for many problems whether grid and random search hit the good region, and how many values they tried.

    The region is an interval of one parameter; in the control a box of the same volume in all of them.
    """
    generator = setting.generator(dim)
    space = {f"x{i}": Real(0.0, 1.0) for i in range(dim)}
    grid = torch.tensor([list(p.values()) for p in grid_points(space, _VALUES)], dtype=torch.float64)
    relevant = dim if setting.broken else 1
    side = _WIDTH ** (1 / relevant)
    on_grid: list[bool] = []
    at_random: list[bool] = []
    tried = 0
    for _ in range(setting.size(200, 5000)):
        low = (1 - side) * torch.rand(relevant, generator=generator, dtype=torch.float64)
        drawn = random_points(space, len(grid), generator=generator)
        points = torch.tensor([list(p.values()) for p in drawn], dtype=torch.float64)
        for found, where in ((on_grid, grid), (at_random, points)):
            inside = (where[:, :relevant] >= low) & (where[:, :relevant] <= low + side)
            found.append(bool(inside.all(1).any()))
        tried = len(set(points[:, 0].tolist()))
    return torch.tensor(on_grid), torch.tensor(at_random), len(set(grid[:, 0].tolist())), tried


def _run(setting: Setting) -> Result:
    # Over a random place of the interval: a grid point inside, of 0, ½ and 1 only ½ can be without being at the edge.
    by_grid = _WIDTH / (1 - _WIDTH)
    checks, promised, random_share, grid_share = [], [], [], []
    for dim in _DIMS:
        on_grid, at_random, grid_values, random_values = _hits(dim, setting)
        n = _VALUES**dim
        # A random interval of [0, 1] is hit by a uniform point with probability w, whatever its place.
        promised.append(1 - (1 - _WIDTH) ** n)
        random_share.append(share_of(at_random))
        grid_share.append(share_of(on_grid))
        checks += [
            equal(f"d = {dim}, {n} random points: share that hit, 1 − (1 − w)^n", promised[-1], random_share[-1]),
            equal(f"d = {dim}, the grid of {n} points: share that hit", by_grid, grid_share[-1]),
            near(
                f"d = {dim}: values of the relevant parameter tried at random, n",
                float(n),
                float(random_values),
                relative=0.0,
            ),
            near(f"d = {dim}: values tried by the grid, n^(1/d)", float(_VALUES), float(grid_values), relative=0.0),
        ]
        last = mean_of(at_random.double() - on_grid.double())
    checks.append(at_least("gain of random search, d = 4, less 4 errors", 0.0, last.value - 4 * last.stderr))
    return Result(
        checks=tuple(checks),
        figures=(
            versus("Random search", "parameters d", "share of problems solved", _DIMS, promised, random_share),
            versus("The grid", "parameters d", "share of problems solved", _DIMS, [by_grid] * 4, grid_share),
        ),
        notes=("The reason is that few parameters matter, not the curse of dimensionality as such.",),
    )


EXPERIMENT = Experiment(
    name="random-against-grid",
    claim="If one of d parameters matters, n random points try n values of it and hit a region of width w with "
    "probability 1 − (1 − w)^n, where a grid tries n^(1/d) values.",
    source="Bergstra and Bengio (2012), Random search for hyper-parameter optimization, section 1 and figure 1.",
    textbook=("C-§10.1.2",),
    control="all parameters matter: the good region is a box",
    run=_run,
    formulas=("rhobar.select.grid_points", "rhobar.select.random_points"),
)
