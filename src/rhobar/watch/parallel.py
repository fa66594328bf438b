"""After the run: do the representations of different inputs still differ?

    r² = Σ_i ‖h_i − h̄‖² / Σ_i ‖h_i‖²            over rows i of what enters a map;  0 where all rows are one

The rows of a kept batch go through a copy of the network; its graph shows what entered every map, whatever style the
network is written in. For rows of one length r² is one minus their mean cosine.

Reference: Dong, Cordonnier & Loukas (2021), Attention is not all you need, eq. 3.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from rhobar.record import Representation
from rhobar.watch.exam_state import KeptBatch
from rhobar.watch.graph import Graph
from rhobar.watch.layers import find_layers
from rhobar.watch.operations import Map

__all__ = ["representations"]

ROWS, FEWEST = 512, 8
"""Rows read of a representation at most, and at least."""


def representations(
    twin: nn.Module, batch: KeptBatch, name_of: Callable[[Tensor], str], *, train: bool
) -> tuple[Representation, ...]:
    """What enters every map, in the order of the forward pass.

    Args:
        twin: A copy of the network.
        batch: Rows and loss.
        name_of: Names the layer of one of the copy's weights.
        train: Whether it runs in train mode, as batch normalisation has to.
    """
    was = twin.training
    twin.train(train)
    try:
        with torch.enable_grad():
            torch.manual_seed(0)
            value = batch.loss(twin)
        if not value.requires_grad:
            return ()
        found: dict[str, Representation] = {}
        for layer in find_layers(Graph(value)):
            name = name_of(layer.map.weight)
            reading = _read(layer.map, name)
            if reading is not None:
                found.setdefault(name, reading)
        return tuple(found.values())
    finally:
        twin.train(was)


def _read(found: Map, name: str) -> Representation | None:
    """r² of what enters one map; ``None`` if rows or values are too few, not finite or all zero."""
    rows = _rows(found)
    if rows is None or rows.shape[0] < FEWEST or not rows.is_floating_point():
        return None
    h = rows[:: -(-rows.shape[0] // ROWS)].detach().double()
    size = h.square().sum(1).mean()
    if not bool(torch.isfinite(size)) or float(size) == 0:
        return None
    apart = (h - h.mean(0)).square().sum(1) / size
    stderr = float(apart.std()) / math.sqrt(len(h))
    return Representation(name, float(apart.mean()), stderr, len(h), found.reads_data)


def _rows(found: Map) -> Tensor | None:
    """One row for each sample, or each position of a sequence."""
    x = found.input
    if x is None or x.ndim < 2 or x.is_nested or x.layout != torch.strided:
        return None
    if found.kind.operation == "convolution":
        return x.flatten(1)
    width = found.fans[0]
    if x.shape[-1] != width and x.ndim == 2 and x.shape[0] == width:
        x = x.mT  # W @ x
    return x.flatten(0, -2)
