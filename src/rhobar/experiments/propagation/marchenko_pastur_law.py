"""Singular values of a random matrix fill the band of Marchenko and Pastur; they are not all 1."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.linalg import singular_value_band
from rhobar.probes.estimate import mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_TRACY_WIDOM = (-1.2065, 2.0)
"""Mean of the law of Tracy and Widom (β = 1), and the correction that is allowed in units of its scale/n^(1/3)."""


def _singular_values(m: int, n: int, draws: int, setting: Setting) -> Tensor:
    """Draw matrices of entries N(0, 1/n); in the control one direction is shared by all rows."""
    W = torch.randn(draws, m, n, generator=setting.generator(m), dtype=torch.float64) / n**0.5
    if setting.broken:
        W = W + torch.randn(draws, 1, n, generator=setting.generator(m + 1), dtype=torch.float64) / n**0.5
    s: Tensor = torch.linalg.svdvals(W)
    return s


def _density(s: Tensor, m: int, n: int) -> Tensor:
    """Return the law's density of a singular value s: √((b² − s²)(s² − a²)) / (π (m/n) s) between the edges a, b."""
    band = singular_value_band(m, n, n**-0.5)
    inside = ((band.high**2 - s**2) * (s**2 - band.low**2)).clamp(min=0).sqrt()
    return inside / (math.pi * m / n * s)


def _figure(s: Tensor, m: int, n: int) -> Plot:
    """Draw the law beside the shares of 30 bins."""
    edges = torch.linspace(0.0, 1.1 * singular_value_band(m, n, n**-0.5).high, 31, dtype=torch.float64)
    middles = (edges[1:] + edges[:-1]) / 2
    counts = torch.histogram(s.flatten(), edges).hist / s.numel() / (edges[1] - edges[0])
    places = tuple(middles.tolist())
    return Plot(
        f"Singular values of {len(s)} matrices of {m} × {n}",
        "singular value, in units of √n Var(W)^½",
        "density",
        (
            Curve("Marchenko–Pastur", places, tuple(_density(middles, m, n).tolist())),
            Curve("measured", places, tuple(counts.tolist())),
        ),
    )


def _run(setting: Setting) -> Result:
    shapes = setting.size(((64, 64), (60, 240)), ((256, 256), (250, 1000)))
    draws = setting.size(100, 200)
    checks, figures = [], []
    for m, n in shapes:
        s = _singular_values(m, n, draws, setting)
        band = singular_value_band(m, n, n**-0.5)
        mean, slack = _TRACY_WIDOM
        checks += [
            equal(f"{m} × {n}: mean square of the singular values: 1", 1.0, mean_of(s.square().mean(1))),
            equal(f"{m} × {n}: mean fourth power: 1 + (m + 1)/n", 1 + (m + 1) / n, mean_of(s.pow(4).mean(1))),
            equal(
                f"{m} × {n}: largest: upper edge − 1.21 scale of Tracy and Widom",
                band.high + mean * band.scale,
                mean_of(s[:, 0]),
                bias=slack * band.scale * n ** (-1 / 3),
            ),
        ]
        figures.append(_figure(s, m, n))
    square = mean_of(_singular_values(*shapes[0], draws, setting)[:, 0])
    checks.append(
        equal(
            "of the square matrix the largest is near 2, not 1",
            2.0,
            square,
            bias=-_TRACY_WIDOM[0] * 2 * singular_value_band(*shapes[0], shapes[0][1] ** -0.5).scale,
        )
    )
    return Result(
        checks=tuple(checks),
        figures=tuple(figures),
        notes=("That all singular values are near 1 is wrong: only their mean square is 1.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="marchenko-pastur-law",
    claim="For m × n independent entries of variance 1/n, singular values fill |1 − √(m/n)| … 1 + √(m/n).",
    source="Marchenko and Pastur (1967); Johnstone (2001), theorem 1.1, for the largest.",
    textbook=("A73", "A58"),
    control="all rows share a direction: the entries are not independent",
    run=_run,
    formulas=("rhobar.linalg.singular_value_band",),
    findings=("badly-scaled-initialization",),
)
