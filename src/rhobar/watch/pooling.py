"""Batches made anew of the rows of others: dealt out at random, or divided into rows to learn from and to judge by."""

import dataclasses
import math
from typing import Any

import torch
from torch import Tensor

from rhobar.watch.exam_state import KeptBatch

__all__ = ["divided", "pooled"]


def pooled(batches: list[KeptBatch], generator: torch.Generator) -> list[KeptBatch]:
    """Return as many batches of the same kind, the rows of all of them dealt out at random.

    Every tensor of the inputs and the target of the loss must have one row for each sample; else it is a `ValueError`.
    """
    columns, rows = _columns(batches)
    order = torch.randperm(sum(rows), generator=generator)
    dealt = [column[order] for column in columns]
    out, begin = [], 0
    for batch, n in zip(batches, rows, strict=True):
        out.append(_filled(batch, [t[begin : begin + n] for t in dealt]))
        begin += n
    return out


def divided(
    batches: list[KeptBatch], *, every: int = 4, parts: int = 8, most: int | None = None
) -> tuple[list[KeptBatch], list[KeptBatch]]:
    """Split the distinct rows of all batches in two: batches as large as the first one, and rows kept apart.

    Args:
        batches: What to divide; a row that occurs in several of them is taken once.
        most: Rows of a batch to learn from at most.
        every: One row in so many is kept apart; which ones, their contents decide.
        parts: In how many batches those are given.
    """
    columns, rows = _columns(batches)
    _, group = torch.unique(columns[0].flatten(1), dim=0, return_inverse=True)
    first = torch.full((int(group.max()) + 1,), len(group)).scatter_reduce(0, group, torch.arange(len(group)), "amin")
    apart, rest = first[::every], first[torch.arange(len(first)) % every != 0]
    rest = rest[torch.argsort(rest)]  # in the order in which they came

    def made(order: torch.Tensor, size: int) -> list[KeptBatch]:
        return [_filled(batches[0], [column[part] for column in columns]) for part in order.split(size)]

    return made(rest, min(rows[0], most or rows[0])), made(apart, max(1, math.ceil(len(apart) / parts)))


def _columns(batches: list[KeptBatch]) -> tuple[list[Tensor], list[int]]:
    """The tensors of all batches, one below the other, and the rows of each batch.

    Raises:
        ValueError: If a tensor has another number of rows than the batch has samples.
    """
    parts = [_tensors(batch) for batch in batches]
    rows = [p[-1].shape[0] if p[-1].ndim else 0 for p in parts]
    if any(t.ndim == 0 or t.shape[0] != n for p, n in zip(parts, rows, strict=True) for t in p):
        raise ValueError("every tensor of a batch must have one row for each sample, so that rows can be dealt anew.")
    return [torch.cat(column) for column in zip(*parts, strict=True)], rows


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
    old, new = max(batch.rows, 1), tensors[-1].shape[0]
    shape = (batch.shape[0] // old * new, *batch.shape[1:]) if batch.shape else ()
    call = batch.call.with_target(next(waiting))
    return dataclasses.replace(batch, args=args, kwargs=kwargs, call=call, shape=shape)
