"""Layers that are bijections keep the topology of data; ReLU or a narrow layer can merge what was apart."""

import torch

from rhobar.experiments.checks import near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.topology import persistent_homology

__all__ = ["EXPERIMENT"]

_LAYERS, _DIM = 5, 3


def _run(setting: Setting) -> Result:
    generator, per_cluster = setting.generator(), setting.size(30, 100)
    direction = torch.nn.functional.normalize(torch.randn(_DIM, generator=generator, dtype=torch.float64), dim=0)
    sides = torch.tensor([1.0, -1.0], dtype=torch.float64).repeat_interleave(per_cluster)
    h = sides[:, None] * direction + 0.1 * torch.randn(len(sides), _DIM, generator=generator, dtype=torch.float64)
    narrow = torch.eye(_DIM, dtype=torch.float64) - torch.outer(direction, direction)
    counts = [persistent_homology(h, loops=False, generator=setting.generator(1)).num_significant(0)]
    for layer in range(_LAYERS):
        Q = torch.linalg.qr(torch.randn(_DIM, _DIM, generator=generator, dtype=torch.float64)).Q
        if setting.broken and layer == 0:
            Q = Q @ narrow
        h = torch.nn.functional.leaky_relu(h @ Q.T, 0.5)
        counts.append(persistent_homology(h, loops=False, generator=setting.generator(1)).num_significant(0))
    layers = range(_LAYERS + 1)
    return Result(
        checks=tuple(near(f"components after layer {i}", 2.0, float(counts[i]), relative=0.0) for i in (0, 1, _LAYERS)),
        figures=(versus("Connected components", "layer", "components", layers, [2.0] * len(counts), counts),),
        notes=("Networks are no homeomorphisms in general: each layer must be invertible and its activation strictly "
               "monotone.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="bijections-keep-components",
    claim="Layers with an invertible matrix and a strictly monotone activation keep the number of components.",
    source="Naitzat, Zhitnikov and Lim (2020), section 2; a homeomorphism keeps all Betti numbers.",
    textbook=("B60", "B57"),
    control="a first layer of rank two, which projects along the line between the clusters",
    run=_run,
    formulas=("rhobar.probes.topology.persistent_homology",),
)
