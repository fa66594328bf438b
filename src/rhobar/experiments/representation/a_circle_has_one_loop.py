"""A circle has one long bar of H₁, up to the scale √3; a net that sorts it into one class closes the loop."""

import math

import torch
from torch import nn

from rhobar.experiments.checks import equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate
from rhobar.probes.topology import persistent_homology

__all__ = ["EXPERIMENT"]

_SIZES = (20, 40, 80)


def _circle(n: int, generator: torch.Generator) -> tuple[torch.Tensor, float]:
    """Draw n points of the unit circle; return them and their Hausdorff distance to it."""
    angle = 2 * math.pi * torch.rand(n, generator=generator, dtype=torch.float64).sort().values
    gaps = torch.diff(angle, append=angle[:1] + 2 * math.pi)
    return torch.stack([angle.cos(), angle.sin()], 1), 2 * math.sin(gaps.max().item() / 4)


def _trained(x: torch.Tensor, y: torch.Tensor, setting: Setting) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(setting.seed)
        model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, y.shape[1]))
    model = model.double()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        return loss

    optimizer.step(closure)
    return model


def _loops_through(setting: Setting) -> list[int]:
    """Count long bars of H₁ of a circle's activations at the input, after each hidden layer and at the output."""
    n = setting.size(80, 160)
    circle, _ = _circle(n, setting.generator(9))
    inside = 0.2 * torch.randn(n, 2, generator=setting.generator(10), dtype=torch.float64)
    x = torch.cat([circle, inside])
    label = torch.cat([torch.ones(n), -torch.ones(n)]).double()[:, None]
    model = _trained(x, x if setting.broken else label, setting)
    counts, h = [], circle
    with torch.no_grad():
        for layer in (None, *model):
            h = h if layer is None else layer(h)
            if not isinstance(layer, nn.Linear) or layer is model[-1]:
                found = persistent_homology(h, max_samples=n, generator=setting.generator(11))
                counts.append(found.num_significant(1))
    return counts


def _run(setting: Setting) -> Result:
    checks, deaths = [], []
    for stream, n in enumerate(_SIZES):
        x, distance = _circle(n, setting.generator(stream))
        diagram = persistent_homology(x, normalized=False, num_resamples=1, generator=setting.generator()).loops
        lives = diagram[:, 1] - diagram[:, 0]
        deaths.append(diagram[0, 1].item())
        second = lives[1].item() if len(lives) > 1 else 0.0
        checks += [
            equal(f"death of the longest bar, {n} points: √3, up to twice their distance d from the circle", 3**0.5,
                  Estimate(deaths[-1], 0.0), bias=2 * distance),
            equal(f"its birth, {n} points: 0 up to 2d", 0.0, Estimate(diagram[0, 0].item(), 0.0), bias=2 * distance),
            equal(f"life of the next bar, {n} points: 0 up to 4d", 0.0, Estimate(second, 0.0), bias=4 * distance),
        ]  # fmt: skip
    counts = _loops_through(setting)
    layers = range(len(counts))
    return Result(
        checks=(
            near("loops of the circle at the input of a net", 1.0, float(counts[0]), relative=0.0),
            equal("loops of the circle at the output, one class against the disc inside: none", 0.0,
                  Estimate(float(counts[-1]), 0.0)),
            *checks,
        ),
        figures=(
            versus("Scale at which the loop of a circle closes", "points", "scale", _SIZES, [3**0.5] * len(_SIZES),
                   deaths),
            versus("Loops of the circle through the layers", "layer", "long bars of H₁", layers,
                   [1.0, *[float("nan")] * (len(counts) - 2), 0.0], counts),
        ),
        notes=("√3: the circle's Rips complex fills when three points at 120° are joined. By the stability theorem a "
               "sample's diagram is within 2d of the circle's.",
               "Where a hidden layer closes the loop is not predicted; a layer that is one to one cannot tear it."),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="a-circle-has-one-loop",
    claim="Samples within d of a circle of radius 1 have one long bar of H₁, from 0 to √3 up to 2d; a net trained to "
    "give the circle one label and the disc inside another maps it to no loop.",
    source="Adamaszek and Adams (2017), The Vietoris–Rips complexes of a circle; Chazal, de Silva and Oudot (2014), "
    "theorem 5.2; Naitzat, Zhitnikov and Lim (2020), section 4.",
    textbook=("B57", "B60"),
    control="the net is trained to give back its input: the loop has to stay",
    run=_run,
    formulas=("rhobar.probes.topology.persistent_homology",),
)
