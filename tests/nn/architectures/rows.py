"""The rows whose laws are tested, one for each small model, and what the laws share."""

import torch
from torch import Tensor, nn

from rhobar.nn.architectures.architecture import Architecture
from rhobar.nn.architectures.table import ARCHITECTURES
from rhobar.nn.layers import MultiHeadAttention, StochasticDepth

__all__ = ["ROWS", "call", "inputs", "lively", "make", "seeded", "undrawn_"]

_BY_SMALL = {id(row.small): row for row in reversed(ARCHITECTURES.values())}
ROWS: list[Architecture] = sorted(_BY_SMALL.values(), key=lambda row: list(ARCHITECTURES).index(row.name))
"""Variants that differ in size only share their small model: the first stands for all."""


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def make(row: Architecture, seed: int = 0) -> nn.Module:
    """The small model, built under a seed, in float64: rounding is far below every tolerance."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return row.small().double()


def inputs(row: Architecture, batch: int, size: int | None = None, seed: int = 1) -> tuple[Tensor, ...]:
    made = row.inputs(batch, row.sizes[-1] if size is None else size, seeded(seed))
    return tuple(x.double() if x.is_floating_point() else x for x in made)


def call(model: nn.Module, arguments: tuple[Tensor, ...], seed: int = 0) -> list[Tensor]:
    """All tensors that come out, whatever the nesting; what is drawn inside is drawn under the seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return _flat(model(*arguments))


def _flat(value: object) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    assert isinstance(value, tuple)
    return [t for part in value for t in _flat(part)]


def lively(model: nn.Module) -> nn.Module:
    """In float64 and evaluation, its weights far from zero, so that every input shows in what comes out."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=seeded(4)))
    return model.double().eval()


def undrawn_(model: nn.Module) -> nn.Module:
    """Switch off what is drawn in training by layers."""
    for part in model.modules():
        if isinstance(part, nn.Dropout | StochasticDepth):
            part.p = 0.0
        elif isinstance(part, MultiHeadAttention | nn.RNNBase):
            part.dropout = 0.0
    return model
