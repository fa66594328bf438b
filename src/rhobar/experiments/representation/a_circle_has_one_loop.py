"""A circle has one long bar of H₁, up to the scale √3; a net that sorts it into one class shrinks the loop."""

import math

import torch
from torch import nn

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate
from rhobar.probes.topology import Persistence, persistent_homology

__all__ = ["EXPERIMENT"]

_SIZES = (40, 60, 100)


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


def _loops_through(setting: Setting) -> tuple[list[float], float]:
    """Return the longest bar of H₁ of a circle's activations in every layer, and how far outputs lie from their label.

    Both over the median distance to the activations of the disc inside, of the other class.
    """
    n = setting.size(80, 160)
    circle, _ = _circle(n, setting.generator(9))
    x = torch.cat([circle, 0.2 * torch.randn(n, 2, generator=setting.generator(10), dtype=torch.float64)])
    labels = x if setting.broken else torch.eye(2, dtype=torch.float64).repeat_interleave(n, 0)
    model, lives, h = _trained(x, labels, setting), [], x
    with torch.no_grad():
        for layer in (None, *model):
            h = h if layer is None else layer(h)
            if not isinstance(layer, nn.Linear) or layer is model[-1]:
                loops = persistent_homology(h[:n], normalized=False, num_resamples=1, generator=setting.generator())
                unit = torch.cdist(h[:n], h[n:]).median().item()
                lives.append(_lives(loops)[0] / unit)
    return lives, (h[:n] - labels[:n].mean(0)).norm(dim=1).max().item() / unit


def _lives(found: Persistence) -> list[float]:
    """Return the lengths of the bars of H₁, longest first, and 0 after them."""
    return [*(found.loops[:, 1] - found.loops[:, 0]).tolist(), 0.0, 0.0]


def _run(setting: Setting) -> Result:
    checks, deaths = [], []
    for stream, n in enumerate(_SIZES):
        x, distance = _circle(n, setting.generator(stream))
        found = persistent_homology(x, normalized=False, num_resamples=1, generator=setting.generator())
        birth, death = found.loops[0].tolist()
        deaths.append(death)
        checks += [
            equal(f"death of the longest bar, {n} points: √3, up to twice their distance d from the circle", 3**0.5,
                  Estimate(death, 0.0), bias=2 * distance),
            equal(f"its birth, {n} points: 0 up to 2d", 0.0, Estimate(birth, 0.0), bias=2 * distance),
            equal(f"life of the next bar, {n} points: 0 up to 4d", 0.0, Estimate(_lives(found)[1], 0.0),
                  bias=4 * distance),
        ]  # fmt: skip
    lives, spread = _loops_through(setting)
    layers = range(len(lives))
    return Result(
        checks=(
            at_most("distance of the circle's outputs from their label ρ, over that of the classes", 0.1, spread),
            at_most("longest bar of the circle at the output, over the same: at most 2ρ", 2 * spread, lives[-1]),
            *checks,
        ),
        figures=(
            versus("Scale at which the loop of a circle closes", "points", "scale", _SIZES, [3**0.5] * len(_SIZES),
                   deaths),
            versus("The circle's loop through a net", "layer", "longest bar over distance of the classes", layers,
                   [3**0.5, *[float("nan")] * (len(lives) - 2), 0.0], lives),
        ),
        notes=("√3: the circle's Rips complex fills when three points at 120° are joined. By the stability theorem a "
               "sample's diagram is within 2d of the circle's.",
               "A net that is one to one keeps the loop, but in units of the distance between classes it shrinks to "
               "nothing: no bar of points within ρ of one another's label outlives 2ρ."),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="a-circle-has-one-loop",
    claim="Samples within d of a circle of radius 1 have one long bar of H₁, from 0 to √3 up to 2d; a net trained to "
    "give the circle one label and the disc inside another leaves no loop longer than its error.",
    source="Adamaszek and Adams (2017), The Vietoris–Rips complexes of a circle; Chazal, de Silva and Oudot (2014), "
    "theorem 5.2; Naitzat, Zhitnikov and Lim (2020), section 4.",
    textbook=("B57", "B60"),
    control="the net is trained to give back its input: the loop has to stay",
    run=_run,
    formulas=("rhobar.probes.topology.persistent_homology",),
)
