"""Topology simplifies through the layers of a trained net: clusters of one class become one component."""

import math

import torch
from torch import nn

from rhobar.experiments.checks import near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.topology import persistent_homology

__all__ = ["EXPERIMENT"]

_RADIUS = 0.4
"""r of each disc: a resample is within 2r of the samples, so bars longer than 4r count, and gaps are 3 − 2r > 4r."""


def _run(setting: Setting) -> Result:
    generator, per_cluster = setting.generator(), setting.size(30, 100)
    centres = torch.tensor([[-3.0, 0.0], [0.0, 0.0], [3.0, 0.0]], dtype=torch.float64)
    x = centres.repeat_interleave(per_cluster, 0)
    uniform = torch.rand(x.shape, generator=generator, dtype=torch.float64)
    angle, radius = 2 * math.pi * uniform[:, 0], _RADIUS * uniform[:, 1].sqrt()
    x = x + torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
    targets = torch.tensor([-1.0, 0.0, 1.0] if setting.broken else [1.0, -1.0, 1.0], dtype=torch.float64)
    y = targets.repeat_interleave(per_cluster)[:, None]
    with torch.random.fork_rng():
        torch.manual_seed(setting.seed)
        model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        return loss

    optimizer.step(closure)
    counts = []
    with torch.no_grad():
        h = x
        for layer in (None, *model):
            h = h if layer is None else layer(h)
            if not isinstance(layer, nn.Linear) or h.shape[1] == 1:
                counts.append(persistent_homology(h, loops=False, generator=setting.generator(1)).num_significant(0))
    layers = tuple(range(len(counts)))
    expected = [3.0, *[float("nan")] * (len(layers) - 2), 2.0]
    return Result(
        checks=(
            near("components at the input: three clusters", 3.0, float(counts[0]), relative=0.0),
            near("components at the output: two classes", 2.0, float(counts[-1]), relative=0.0),
        ),
        figures=(
            versus("Components in every layer", "layer", "components", layers, expected, counts),
        ),
        notes=("Counted as long bars of H₀, longer than twice the 95 % quantile of resampling.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="clusters-merge",
    claim="A net trained on clusters of which several share a class maps the data to as many components as there are "
    "classes.",
    source="Naitzat, Zhitnikov and Lim (2020), Topology of deep neural networks, section 4.",
    textbook=("B57", "B60"),
    control="every cluster is a class of its own: nothing merges",
    run=_run,
    formulas=("rhobar.probes.topology.persistent_homology",),
)
