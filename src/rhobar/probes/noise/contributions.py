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

__all__ = ["MAX_ELEMENTS", "Contribution", "Convolved", "Dense", "Outer", "Rows", "held", "merged"]

MAX_ELEMENTS = 1 << 22
"""Scalars of per-sample gradients that are held at once."""


def _squares(G: Tensor) -> Tensor:
    """Return ‖G_i‖² without the squares in memory, whose pages cost more than the sum."""
    norms: Tensor = torch.linalg.vector_norm(G.flatten(1), dim=1)
    return norms.square()


@dataclass(frozen=True)
class Outer:
    """G_i = Σ_t δ_it a_itᵀ, or the transpose of that.

    Attributes:
        delta: δ, (n, t, p).
        a: (n, t, q).
        flipped: Whether the parameter is q × p.
    """

    delta: Tensor
    a: Tensor
    flipped: bool = False

    @property
    def num_samples(self) -> int:
        """The number n."""
        return self.delta.shape[0]

    def squares(self) -> Tensor:
        """Return ‖G_i‖² for each sample, by whichever order of products is cheaper."""
        n, t, p = self.delta.shape
        q = self.a.shape[2]
        if t == 1:
            return _squares(self.delta) * _squares(self.a)
        if t * (p + q) <= p * q:
            return ((self.delta @ self.delta.mT) * (self.a @ self.a.mT)).sum((1, 2))
        step = max(1, MAX_ELEMENTS // (p * q))
        parts = [(self.delta[i : i + step].mT @ self.a[i : i + step]) for i in range(0, n, step)]
        return torch.cat([_squares(part) for part in parts])

    def dots(self, v: Tensor) -> Tensor:
        """Return ⟨G_i, v⟩ for each sample."""
        return ((self.delta @ (v.mT if self.flipped else v)) * self.a).sum((1, 2))

    def dense(self, chosen: slice) -> Tensor:
        """Return G_i for some samples."""
        G = self.delta[chosen].mT @ self.a[chosen]
        return G.mT if self.flipped else G


@dataclass(frozen=True)
class Dense:
    """G_i as a function of the samples that are asked for.

    Attributes:
        make: Returns G_i for a slice of the samples.
        num_samples: n.
        size: Scalars in one G_i.
    """

    make: Callable[[slice], Tensor]
    num_samples: int
    size: int

    def _chunks(self) -> list[slice]:
        step = max(1, MAX_ELEMENTS // self.size)
        return [slice(i, min(i + step, self.num_samples)) for i in range(0, self.num_samples, step)]

    def squares(self) -> Tensor:
        """Return ‖G_i‖² for each sample."""
        return torch.cat([_squares(self.make(chunk)) for chunk in self._chunks()])

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

    @property
    def num_samples(self) -> int:
        """The number n."""
        return self.delta.shape[0]

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


@dataclass(frozen=True)
class Convolved:
    """G_i = Σ_t δ_it a_itᵀ with a_it the patch of the input that place t sees.

    Attributes:
        delta: δ, (n, t, p).
        each: Returns G_i by the weight's own backward pass, and no patch is held.
        patches: Returns a, (n, t, q), for a slice of the samples; `None` for groups, transposed or in three dimensions.
        outputs: v ↦ the convolution of the same input with the kernel v, (n, t, p).
        shape: Of the kernel.
    """

    delta: Tensor
    each: Dense
    patches: Callable[[slice], Tensor] | None
    outputs: Callable[[Tensor], Tensor]
    shape: torch.Size

    @property
    def num_samples(self) -> int:
        """The number n."""
        return self.delta.shape[0]

    def squares(self) -> Tensor:
        """Return ‖G_i‖² for each sample; few places are cheaper in pairs."""
        n, t, p = self.delta.shape
        q = self.shape.numel() // p
        if self.patches is None or t * (p + q) > p * q:
            return self.each.squares()
        step = max(1, MAX_ELEMENTS // (t * q))
        chunks = [slice(i, min(i + step, n)) for i in range(0, n, step)]
        return torch.cat([Outer(self.delta[chunk], self.patches(chunk)).squares() for chunk in chunks])

    def dots(self, v: Tensor) -> Tensor:
        """Return ⟨G_i, v⟩ = Σ_t δ_it · (v * x_i)_t for each sample."""
        return (self.outputs(v) * self.delta).sum((1, 2))

    def dense(self, chosen: slice) -> Tensor:
        """Return G_i for some samples."""
        return self.each.dense(chosen)


Contribution = Outer | Dense | Rows | Convolved


def merged(parts: Sequence[Contribution], shape: torch.Size) -> Contribution:
    """Return the sum of what several uses of one parameter contribute."""
    if len(parts) == 1:
        return parts[0]
    outers = [part for part in parts if isinstance(part, Outer)]
    if len(outers) == len(parts) and len({o.flipped for o in outers}) == 1:
        delta, a = torch.cat([o.delta for o in outers], 1), torch.cat([o.a for o in outers], 1)
        return Outer(delta, a, outers[0].flipped)
    n = parts[0].num_samples

    def make(chosen: slice) -> Tensor:
        total = torch.stack([part.dense(chosen).flatten(1) for part in parts]).sum(0)
        return total.view(-1, *shape)

    return Dense(make, n, shape.numel())
