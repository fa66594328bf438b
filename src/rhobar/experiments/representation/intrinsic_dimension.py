"""The dimension of the manifold on which data lie is found from distances to the two nearest neighbours."""

import torch

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate
from rhobar.probes.geometry import two_nearest_dimension

__all__ = ["EXPERIMENT"]

_AMBIENT = 20
_DIMS = (1, 2, 3, 5)


def _manifold(dim: int, setting: Setting) -> torch.Tensor:
    """Draw points of a bent d-dimensional surface in 20 dimensions; with noise in all of them in the control."""
    generator = setting.generator(dim)
    n = setting.size(800, 8000)
    u = torch.rand(n, dim, generator=generator, dtype=torch.float64)
    basis = torch.linalg.qr(torch.randn(_AMBIENT, 2 * dim, generator=generator, dtype=torch.float64)).Q
    x: torch.Tensor = torch.cat([torch.sin(2 * u), torch.cos(2 * u)], dim=1) @ basis.T
    noise = torch.randn(n, _AMBIENT, generator=generator, dtype=torch.float64)
    return x.add(noise, alpha=0.1) if setting.broken else x


def _run(setting: Setting) -> Result:
    found = [two_nearest_dimension(_manifold(dim, setting)) for dim in _DIMS]
    measured = [Estimate(f.value, f.stderr) for f in found]
    return Result(
        checks=tuple(
            equal(f"dimension of a {dim}-dimensional surface in {_AMBIENT} dimensions", float(dim), m, bias=0.05 * dim)
            for dim, m in zip(_DIMS, measured, strict=True)
        ),
        figures=(versus("Intrinsic dimension", "true dimension", "estimate", _DIMS, _DIMS, measured),),
        notes=("The edges of the surface bias the estimate downwards, by some percent in five dimensions.",),
    )


EXPERIMENT = Experiment(
    name="intrinsic-dimension",
    claim="Without noise, and where the density hardly changes among neighbours, the ratios of the distances to the "
    "two nearest neighbours give the dimension of a manifold, whatever the ambient one.",
    source="Facco, d'Errico, Rodriguez and Laio (2017), Estimating the intrinsic dimension of datasets, eq. 4.",
    textbook=("B58", "B59"),
    control="noise in all 20 dimensions, wider than the distance to a neighbour",
    run=_run,
    formulas=("rhobar.probes.geometry.two_nearest_dimension",),
)
