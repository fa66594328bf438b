"""The rows that simple probes learn from: features of a batch and its targets, where they belong together.

Real inputs are taken as they are, categories beside them as one-hot columns. A token sequence with one target becomes
its bag of tokens: how often each id occurs. A sequence with a target at each place becomes one row a place, with the
token there and the one before it: what a bigram and a trigram model see. Relations (are these two images alike?) and
nets fed by several inputs are beyond such probes: no rows.

Reference: Jurafsky & Martin (2024), Speech and language processing, ch. 3 and 4.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from rhobar.watch.forwards import Forward, address, has_values, tensors_in

__all__ = ["ProbeRows", "probe_rows", "token_rows"]

COLUMNS = 256
"""Features per token; ids beyond are folded (id mod 256): it blurs a large vocabulary, but frequent words stay."""
CATEGORIES = 32
"""Columns per category beside real inputs, folded alike."""
IGNORED = -100
"""Target that torch's losses leave out."""
MAX_PLACES = 1 << 14


@dataclass(frozen=True)
class ProbeRows:
    """Features and targets, row by row.

    Attributes:
        inputs: One row a sample or a place.
        targets: As many rows.
        distinct: Whether a repeated input is the same sample seen again.
    """

    inputs: Tensor
    targets: Tensor
    distinct: bool = True


def probe_rows(forwards: list[Forward], target: object) -> ProbeRows | None:
    """The rows of the passes that made one loss; ``None`` if it is not one model's answer to one input."""
    if not isinstance(target, Tensor) or not has_values(target) or target.ndim == 0:
        return None
    entries = _entries(forwards)
    if len(entries) != 1:
        return None
    given = tensors_in([*entries[0].args, *entries[0].kwargs.values()])
    own = [t for t in given if _dense(t)]
    real = [t for t in own if t.is_floating_point() and t.shape[0] == target.shape[0] and not _adjacency(t)]
    whole = [t for t in own if not (t.is_floating_point() or t.is_complex() or t.dtype == torch.bool)]
    whole = [t for t in whole if address(t) != address(target)]
    if len(real) > 1:
        return None
    if real:
        aside = [t for t in whole if t.shape[0] == target.shape[0] and t[0].numel() <= CATEGORIES]
        return ProbeRows(_with_categories(real[0], aside), target)
    return token_rows(whole[0], target) if whole else None


def _entries(forwards: list[Forward]) -> list[Forward]:
    """Passes that were given data rather than what another of them computed."""
    given = ((f, tensors_in([*f.args, *f.kwargs.values()])) for f in forwards[:64])
    return [forward for forward, tensors in given if all(t.grad_fn is None for t in tensors)]


def _dense(x: Tensor) -> bool:
    return has_values(x) and x.ndim > 0 and x.numel() > 0 and x.layout == torch.strided and not x.is_nested


def _adjacency(x: Tensor) -> bool:
    """Whether it relates the rows to each other, as the matrix of a graph does."""
    return x.ndim == 2 and x.shape[0] == x.shape[1]


def _with_categories(x: Tensor, categories: list[Tensor]) -> Tensor:
    """Real features with one-hot columns of the categories beside them."""
    if not categories:
        return x
    hot = [torch.nn.functional.one_hot(c.detach().long() % CATEGORIES, CATEGORIES).flatten(1) for c in categories]
    return torch.cat([x.detach().flatten(1) if x.ndim > 1 else x.detach()[:, None], *hot], 1)


def token_rows(x: Tensor, target: Tensor) -> ProbeRows | None:
    """Features of token ids.

    Args:
        x: Ids, batch × length.
        target: One class a sequence, or one a place in any shape with as many elements as `x`.

    Example:
        >>> rows = token_rows(torch.tensor([[1, 2, 2]]), torch.tensor([7]))
        >>> rows.inputs[0, :4].tolist(), rows.targets.tolist()
        ([0.0, 1.0, 2.0, 0.0], [7])
        >>> token_rows(torch.tensor([[1, 2, 2]]), torch.tensor([[2, 2, -100]])).targets.tolist()
        [2, 2]
    """
    if x.ndim != 2:
        return None
    ids = x.detach().long() % COLUMNS
    if target.shape[0] == x.shape[0] and target.numel() == x.shape[0]:
        bag = torch.zeros(x.shape[0], COLUMNS, device=x.device)
        return ProbeRows(bag.scatter_add_(1, ids, torch.ones_like(ids, dtype=bag.dtype)), target)
    if target.numel() != x.numel() or target.is_floating_point() or x.shape[1] < 2:
        return None
    rows = max(1, MAX_PLACES // x.shape[1])
    here, wanted = ids[:rows].reshape(-1), target.detach().reshape(x.shape)[:rows].reshape(-1)
    before = torch.cat([ids[:rows, :1], ids[:rows, :-1]], 1).reshape(-1)
    kept = (wanted != IGNORED).nonzero().reshape(-1)[: 4 * COLUMNS]
    columns = [torch.nn.functional.one_hot(place[kept], COLUMNS) for place in (here, before)]
    return ProbeRows(torch.cat(columns, 1).float(), wanted[kept], distinct=False)
