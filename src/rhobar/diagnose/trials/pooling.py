"""Batches made anew of the rows of others, in random order."""

import dataclasses
from typing import Any

import torch
from torch import Tensor

from rhobar.watch.exam_state import KeptBatch

__all__ = ["pooled"]


def pooled(batches: list[KeptBatch], generator: torch.Generator) -> list[KeptBatch]:
    """Return as many batches of the same kind, the rows of all of them dealt out at random.

    Every tensor of the inputs and the target of the loss must have one row for each sample.

    Raises:
        ValueError: If a tensor has another number of rows than the batch has samples.
    """
    parts = [_tensors(batch) for batch in batches]
    rows = [p[-1].shape[0] for p in parts]
    if any(t.ndim == 0 or t.shape[0] != n for p, n in zip(parts, rows, strict=True) for t in p):
        raise ValueError("every tensor of a batch must have one row for each sample, so that rows can be dealt anew.")
    order = torch.randperm(sum(rows), generator=generator)
    dealt = [torch.cat(column)[order] for column in zip(*parts, strict=True)]
    out, begin = [], 0
    for batch, n in zip(batches, rows, strict=True):
        out.append(_filled(batch, [t[begin : begin + n] for t in dealt]))
        begin += n
    return out


def _tensors(batch: KeptBatch) -> list[Tensor]:
    found = [value for value in (*batch.args, *batch.kwargs.values()) if isinstance(value, Tensor)]
    target = batch.call.target if batch.call is not None else None
    if not isinstance(target, Tensor) or not found:
        raise ValueError("a batch must hold input tensors and a target tensor, so that its rows can be dealt anew.")
    return [*found, target]


def _filled(batch: KeptBatch, tensors: list[Tensor]) -> KeptBatch:
    """The batch with other tensors in the places of its own."""
    waiting = iter(tensors)

    def fill(value: Any) -> Any:  # noqa: ANN401
        return next(waiting) if isinstance(value, Tensor) else value

    args = tuple(fill(v) for v in batch.args)
    kwargs = {k: fill(v) for k, v in batch.kwargs.items()}
    assert batch.call is not None
    return dataclasses.replace(batch, args=args, kwargs=kwargs, call=batch.call.with_target(next(waiting)))
