"""What the uses of one parameter contribute for each output in turn, put together."""

import torch
from torch import Tensor

from rhobar.probes.noise.contributions import Contribution, Convolved, Dense, Outer, Rows
from rhobar.probes.ntk.factors import Factor, Full, Indices, Places, Vectors

__all__ = ["Stack"]


class Stack:
    """Collects the contributions to a parameter of the given shape, use by use and output by output.

    Places are kept as they are where that is smaller than the Jacobian, which has p q scalars for their p t.
    """

    def __init__(self, shape: torch.Size) -> None:
        self.shape = shape
        self.J: Tensor | None = None
        self.places: dict[int, Places] = {}
        self.met: set[int] = set()
        """Uses that have contributed, so that it is known how they do."""

    def put(self, use: int, c: int, C: int, contribution: Contribution) -> None:
        """Enter what one use contributes for output c of C."""
        if isinstance(contribution, Dense) or _full_is_smaller(contribution):
            if self.J is None:
                first = contribution.dense(slice(None, 1))
                self.J = first.new_zeros(contribution.num_samples, C, self.shape.numel())
        elif use not in self.places:
            self.places[use] = _empty(contribution, C)
        self.met.add(use)
        self.add(use, slice(c, c + 1), self.wanted(use, contribution).unsqueeze(0))

    def wanted(self, use: int, contribution: Contribution) -> Tensor:
        """Return the tensor that a contribution of a use met before enters by: δ, or G."""
        if use in self.places and not isinstance(contribution, Dense):
            return contribution.delta
        return contribution.dense(slice(None)).flatten(1)

    def add(self, use: int, chosen: slice, tensors: Tensor) -> None:
        """Enter such tensors of several outputs, which come first."""
        if use in self.places:
            self.places[use].delta[:, chosen] = tensors.mT.movedim(0, 1)
        elif self.J is not None:
            self.J[:, chosen] += tensors.movedim(0, 1)

    def factor(self) -> Factor | None:
        """Return the sum of all uses; `None` if there was none."""
        places = list(self.places.values())
        if self.J is None and len(places) == 1:
            return places[0]
        if self.J is None and places and _alike(places):
            return _joined(places)
        for part in places:
            self.J = part.full() if self.J is None else self.J.add_(part.full())
        return None if self.J is None else Full(self.J)


def _full_is_smaller(contribution: Outer | Rows | Convolved) -> bool:
    if isinstance(contribution, Convolved) and contribution.patches is None:
        return True
    return not isinstance(contribution, Rows) and _num_keys(contribution) < contribution.delta.shape[1]


def _num_keys(contribution: Outer | Convolved) -> int:
    if isinstance(contribution, Outer):
        return contribution.a.shape[2]
    return contribution.shape.numel() // contribution.delta.shape[2]


def _empty(contribution: Outer | Rows | Convolved, C: int) -> Places:
    """Return places for C outputs, all zero, in the order in memory in which the contribution comes."""
    delta = contribution.delta
    n, t, p = delta.shape
    if t > 1 and delta.stride(1) == 1:
        stacked = delta.new_zeros(n, C, p, t)
    else:
        stacked = delta.new_zeros(n, t, C, p).permute(0, 2, 3, 1)
    if isinstance(contribution, Rows):
        return Places(stacked, Indices(contribution.indices, contribution.shape[0]), flipped=True)
    q = _num_keys(contribution)
    if isinstance(contribution, Outer):
        a = contribution.a
        return Places(stacked, Vectors(lambda chosen: a[chosen], q), contribution.flipped)
    assert contribution.patches is not None
    return Places(stacked, Vectors(contribution.patches, q))


def _alike(places: list[Places]) -> bool:
    first = places[0]
    return all(isinstance(p.keys, Vectors) and p.flipped == first.flipped for p in places)


def _joined(places: list[Places]) -> Places:
    """Return one factor whose places are those of all."""
    keys = [p.keys for p in places]

    def of(chosen: slice) -> Tensor:
        return torch.cat([k.of(chosen) for k in keys if isinstance(k, Vectors)], 1)

    return Places(torch.cat([p.delta for p in places], 3), Vectors(of, keys[0].size), places[0].flipped)
