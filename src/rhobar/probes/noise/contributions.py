"""What one operation contributes to the gradients of the samples, by structure.

Two forms: an outer product G_i = Σ_t δ_it a_itᵀ, whose norm needs no matrix of the parameter's size,

    ‖G_i‖² = Σ_{t,s} (δ_it · δ_is)(a_it · a_is),

and a dense tensor for each sample, for parameters that are small beside the activations.

References:
    Goodfellow (2015), Efficient per-example gradient computations, section 4 (t = 1).
    Li, Tramèr, Liang and Hashimoto (2022), Large language models can be strong differentially private learners,
    section 4 (ghost norms over t).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Contribution", "Dense", "Outer", "Rows", "held", "merged"]

MAX_ELEMENTS = 1 << 22
"""Scalars of per-sample gradients that are held at once."""


@dataclass(frozen=True)
class Outer:
    """G_i = Σ_t left_it right_itᵀ.

    Attributes:
        left: (n, t, rows of the parameter).
        right: (n, t, columns).
    """

    left: Tensor
    right: Tensor

    def squares(self) -> Tensor:
        """Return ‖G_i‖² for each sample, by whichever order of products is cheaper."""
        n, t, p = self.left.shape
        q = self.right.shape[2]
        if t == 1:
            return self.left.square().sum((1, 2)) * self.right.square().sum((1, 2))
        if t * (p + q) <= p * q:
            return ((self.left @ self.left.mT) * (self.right @ self.right.mT)).sum((1, 2))
        step = max(1, MAX_ELEMENTS // (p * q))
        parts = [(self.left[i : i + step].mT @ self.right[i : i + step]) for i in range(0, n, step)]
        return torch.cat([part.square().sum((1, 2)) for part in parts])

    def dots(self, v: Tensor) -> Tensor:
        """Return ⟨G_i, v⟩ for each sample."""
        return ((self.left @ v) * self.right).sum((1, 2))

    def dense(self, chosen: slice) -> Tensor:
        """Return G_i for some samples."""
        return self.left[chosen].mT @ self.right[chosen]


@dataclass(frozen=True)
class Dense:
    """G_i as a function of the samples that are asked for.

    Attributes:
        make: Returns G_i for a slice of the samples.
        samples: n.
        size: Scalars in one G_i.
    """

    make: Callable[[slice], Tensor]
    samples: int
    size: int

    def _chunks(self) -> list[slice]:
        step = max(1, MAX_ELEMENTS // self.size)
        return [slice(i, min(i + step, self.samples)) for i in range(0, self.samples, step)]

    def squares(self) -> Tensor:
        """Return ‖G_i‖² for each sample."""
        return torch.cat([self.make(chunk).flatten(1).square().sum(1) for chunk in self._chunks()])

    def dots(self, v: Tensor) -> Tensor:
        """Return ⟨G_i, v⟩ for each sample."""
        return torch.cat([self.make(chunk).flatten(1) @ v.flatten() for chunk in self._chunks()])

    def dense(self, chosen: slice) -> Tensor:
        """Return G_i for some samples."""
        return self.make(chosen)


def held(G: Tensor) -> Dense:
    """Return the contribution whose G_i are there already."""
    return Dense(lambda chosen: G[chosen], G.shape[0], G[0].numel())


@dataclass(frozen=True)
class Rows:
    """G_i is a table in which row k is the sum of the δ_it whose index is k.

    Attributes:
        indices: (n, t).
        delta: (n, t, columns).
        shape: Of the table.
    """

    indices: Tensor
    delta: Tensor
    shape: torch.Size

    def squares(self) -> Tensor:
        """Return ‖G_i‖² from pairs of places that hold the same index."""
        same = self.indices.unsqueeze(1) == self.indices.unsqueeze(2)
        return ((self.delta @ self.delta.mT) * same).sum((1, 2))

    def dots(self, v: Tensor) -> Tensor:
        """Return ⟨G_i, v⟩ for each sample."""
        return (v[self.indices] * self.delta).sum((1, 2))

    def dense(self, chosen: slice) -> Tensor:
        """Return G_i for some samples."""
        part = self.delta[chosen]
        G = part.new_zeros(part.shape[0], *self.shape)
        return G.scatter_add_(1, self.indices[chosen].unsqueeze(-1).expand_as(part), part)


Contribution = Outer | Dense | Rows


def merged(parts: Sequence[Contribution], shape: torch.Size) -> Contribution:
    """Return the sum of what several uses of one parameter contribute."""
    if len(parts) == 1:
        return parts[0]
    outers = [part for part in parts if isinstance(part, Outer)]
    if len(outers) == len(parts):
        return Outer(torch.cat([o.left for o in outers], 1), torch.cat([o.right for o in outers], 1))
    n = parts[0].squares().numel()

    def make(chosen: slice) -> Tensor:
        total = torch.stack([part.dense(chosen).flatten(1) for part in parts]).sum(0)
        return total.view(-1, *shape)

    return Dense(make, n, shape.numel())
