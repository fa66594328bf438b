"""Reads clusters and loops of the data in each layer."""

import torch

from rhobar.probes.survey.reading import Curve, Heat, Plot, Reading, Table, row
from rhobar.probes.survey.subject import Subject
from rhobar.probes.topology import betti_curve, layer_topology

__all__ = ["read"]

_MOST, _SAMPLES = 8, 100


def read(subject: Subject) -> Reading:
    """Return the classes that last, Betti curves, and bottleneck distances between layers."""
    found = subject.layers()
    names = list(found.layers)
    if len(names) > _MOST:
        names = [names[round(i * (len(names) - 1) / (_MOST - 1))] for i in range(_MOST)]
    layers = {name or "output": found.layers[name] for name in names}
    notes = [f"{name}: {reason}" for name, reason in found.skipped.items()]
    shape = layer_topology(layers, max_samples=_SAMPLES, generator=subject.generator)
    rows = []
    for name, p in shape.layers.items():
        longest = (p.loops[0, 1] - p.loops[0, 0]).item() if len(p.loops) else 0.0
        rows.append(row(name, float(p.num_significant(0)), float(p.num_significant(1)), longest, p.noise[1]))
    columns = ("layer", "clusters that last", "loops that last", "longest loop", "noise of loops")
    radii = torch.linspace(0, 2, 120, dtype=torch.float64)
    at = tuple(radii.tolist())
    last = {name: shape.layers[name] for name in list(shape.layers)[-4:]}
    plots: list[Plot | Heat] = [
        Plot(
            f"Betti curve: {what} at each scale",
            "distance, in units of the layer's median",
            what,
            tuple(
                Curve(name, at, tuple(map(float, betti_curve(p, radii, degree=k).tolist()))) for name, p in last.items()
            ),
        )
        for k, what in ((0, "clusters"), (1, "loops"))
    ]
    keys = tuple(shape.layers)
    if len(keys) > 1:
        values = tuple(tuple(v) for v in shape.distances[1].tolist())
        plots.append(Heat("Bottleneck distance of the loops", keys, keys, values, "distance"))
    notes += [f"{name}: {reason}" for name, reason in shape.skipped.items()]
    n = next(iter(shape.layers.values())).num_samples
    counts = [p.num_significant(1) for p in shape.layers.values()]
    headline = f"{counts[0]} loops last in the first layer read and {counts[-1]} in the last, among {n} samples."
    return Reading(
        headline,
        (Table("Shape of the data (distances in units of the median)", columns, tuple(rows)),),
        tuple(plots),
        tuple(notes),
    )
