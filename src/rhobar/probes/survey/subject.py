"""The network that is surveyed, with its loss and data."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.probes.curvature.risk import Loss, num_samples
from rhobar.probes.representations import Representations, inputs_of, representations
from rhobar.probes.second_order import eager

__all__ = ["Subject", "default_loss"]


@dataclass
class Subject:
    """What probes are made on.

    Args:
        model: Any module, in the mode that is meant.
        loss: `loss(model(inputs), targets)`.
        batches: Pairs (inputs, targets); only as many are kept as it takes to reach `max_samples`.
        held_out: More pairs, which the model was not trained on, or none.
        max_samples: Bound on the samples.
        seed: Of all generators.

    Raises:
        ValueError: If there is no batch.
    """

    model: nn.Module
    loss: Loss
    batches: Iterable[object]
    held_out: Iterable[object] = ()
    max_samples: int = 512
    seed: int = 0
    _layers: Representations | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.model = eager(self.model)
        self.batches = _first(self.batches, self.max_samples)
        self.held_out = _first(self.held_out, self.max_samples)
        if not self.batches:
            raise ValueError("batches must hold at least one batch, got none; pass a list such as [(inputs, targets)].")

    @property
    def generator(self) -> torch.Generator:
        """A new generator, so that each probe gives the same numbers alone and beside others."""
        return torch.Generator().manual_seed(self.seed)

    @property
    def inputs(self) -> Any:  # noqa: ANN401
        """The inputs of the first batch."""
        return inputs_of(next(iter(self.batches)))[0]

    def some(self, count: int) -> list[object]:
        """Return batches of at most `count` samples in all, the last one cut."""
        return _first(self.batches, count, cut=True)

    def layers(self) -> Representations:
        """Return the activations of all layers, read once."""
        if self._layers is None:
            self._layers = representations(self.model, self.batches, max_samples=self.max_samples)
        return self._layers


def default_loss(output: Tensor, targets: Tensor) -> Tensor:
    """Return cross-entropy for whole-number targets, else the mean squared error."""
    return F.mse_loss(output, targets) if targets.is_floating_point() else F.cross_entropy(output, targets)


def _first(batches: Iterable[object], count: int, *, cut: bool = False) -> list[object]:
    kept: list[object] = []
    seen = 0
    for batch in batches:
        if seen >= count:
            break
        n = num_samples(batch)
        kept.append(_cut(batch, n, count - seen) if cut and n > count - seen else batch)
        seen += n
    return kept


def _cut(batch: object, n: int, keep: int) -> object:
    def shorter(leaf: object) -> object:
        return leaf[:keep] if isinstance(leaf, Tensor) and leaf.dim() and leaf.shape[0] == n else leaf

    return torch.utils._pytree.tree_map(shorter, batch)
