"""Forward and backward statistics of every layer, in one pass over the batches.

Forward are the layer's outputs, backward the gradients of each sample's own loss with respect to them: with the mean
over a batch of n as the loss, autograd's gradient times n. So neither depends on how the samples are split.


Textbook: A20 C-§10.2.2
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree
from torch.utils.hooks import RemovableHandle

from rhobar.probes.curvature.forward import loss_of
from rhobar.probes.curvature.risk import Batch, Loss, num_samples
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager, once_differentiable
from rhobar.probes.statistics.accumulator import Accumulator, TensorStatistics
from rhobar.probes.statistics.saturation import saturation

__all__ = ["LayerStatistics", "layer_statistics"]

_WHOLE = (nn.MultiheadAttention, nn.RNNBase)
"""Modules that are one layer, whatever is in them."""
_CHANNELS_FIRST = (nn.modules.conv._ConvNd, nn.modules.batchnorm._NormBase, nn.GroupNorm)


@dataclass(frozen=True)
class LayerStatistics:
    """What comes out of one module, over all its calls.

    Attributes:
        name: Its path in the model.
        kind: The name of its class.
        forward: Of its (first) output; `None` if it has none of floating numbers.
        backward: Of the gradient of each sample's loss by that output; `None` without a loss, or if no gradient came.
        reason: Why there is nothing; empty if there is.
    """

    name: str
    kind: str
    forward: TensorStatistics | None
    backward: TensorStatistics | None
    reason: str = ""


def layer_statistics(
    model: nn.Module,
    batches: Iterable[Batch],
    loss: Loss | None = None,
    *,
    max_elements: int | None = 1 << 16,
    generator: torch.Generator | None = None,
) -> tuple[LayerStatistics, ...]:
    """Measure every layer of a model.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        batches: Pairs (inputs, targets); tensors of inputs will do without a loss. Each is run once and let go.
        loss: `loss(model(inputs), targets)`, a mean over samples unless its `reduction` is "sum"; `None` for the
            forward pass only.
        max_elements: Elements read of each tensor, about; `None` for all (exact).
        generator: Chooses them; by default one seeded with zero.

    Returns:
        One entry for each module without children (attention and recurrent layers as a whole), in the order of the
        model; one that was not called, or returns no floating tensor, has its `reason`.

    Raises:
        ValueError: If there is no batch.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU())
        >>> _ = nn.init.eye_(model[0].weight)
        >>> found = layer_statistics(model, [torch.tensor([[1.0, -1.0], [3.0, -1.0]])])
        >>> found[0].forward.mean, found[1].forward.zeros, found[1].forward.dead
        (0.5, 0.5, 0.5)
    """
    model = eager(model)
    generator = generator or torch.Generator().manual_seed(0)
    watched = {
        name or type(model).__name__: _Watched(module, max_elements, generator) for name, module in _layers(model)
    }
    seen = 0
    with restored(model), once_differentiable(), _without_fast_path(), _hooked(watched.values()):
        for batch in batches:
            seen += 1
            _run(model, batch, loss, watched.values())
    if not seen:
        raise ValueError("batches must hold at least one batch, got none; pass a list such as [(inputs, targets)].")
    return tuple(w.result(name) for name, w in watched.items())


@dataclass
class _Watched:
    """A module under observation."""

    module: nn.Module
    max_elements: int | None
    generator: torch.Generator
    called: bool = False
    scale: float = 1.0
    forward: Accumulator = field(init=False)
    backward: Accumulator = field(init=False)

    def __post_init__(self) -> None:
        self.forward, self.backward = (
            Accumulator(max_elements=self.max_elements, generator=self.generator) for _ in range(2)
        )

    def hook(self, channels: set[torch.Size]) -> RemovableHandle:
        """Start to observe; `channels` are the shapes of tensors whose units come second."""

        def hook(module: nn.Module, args: object, output: Any) -> None:  # noqa: ANN401
            self.called = True
            found = (t for t in pytree.tree_leaves(output) if isinstance(t, Tensor) and t.is_floating_point())
            y = next(found, None)
            if y is None or y.numel() == 0:
                return
            unit_dim = self._unit_dim(y, channels)
            self.forward.add(y, unit_dim=unit_dim, saturated=saturation(module))
            if y.requires_grad:
                y.register_hook(lambda g: self.backward.add(g * self.scale, unit_dim=unit_dim))

        return self.module.register_forward_hook(hook)

    def _unit_dim(self, y: Tensor, channels: set[torch.Size]) -> int:
        if isinstance(self.module, _CHANNELS_FIRST) and y.dim() > 2:
            channels.add(y.shape[1:])
            return -y.dim() + 1 if y.dim() > 2 else -1
        return 1 if y.dim() > 3 or y.shape[1:] in channels else -1

    def result(self, name: str) -> LayerStatistics:
        """Return what was seen."""
        forward = self.forward.result()
        reason = "" if forward else ("it returned no floating tensor" if self.called else "it was not called")
        return LayerStatistics(name, type(self.module).__name__, forward, self.backward.result(), reason)


def _run(model: nn.Module, batch: Batch, loss: Loss | None, watched: Iterable[_Watched]) -> None:
    if loss is None:
        inputs = batch[0] if isinstance(batch, tuple | list) and len(batch) == 2 else batch
        model(*inputs) if isinstance(inputs, tuple) else model(inputs)
        return
    summed = getattr(loss, "reduction", "mean") == "sum"
    for one in watched:
        one.scale = 1.0 if summed else float(num_samples(batch))
    value = loss_of(model, loss, batch)
    params = [p for p in model.parameters() if p.requires_grad]
    if params and value.requires_grad:
        torch.autograd.grad(value, params, allow_unused=True)


def _layers(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    inside: set[int] = set()
    for name, module in model.named_modules():
        if id(module) in inside:
            continue
        if isinstance(module, _WHOLE):
            inside |= {id(m) for m in module.modules()}
            yield name, module
        elif not any(True for _ in module.children()):
            yield name, module


@contextmanager
def _hooked(watched: Iterable[_Watched]) -> Iterator[None]:
    channels: set[torch.Size] = set()
    handles: list[RemovableHandle] = []
    try:
        handles += [one.hook(channels) for one in watched]
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _without_fast_path() -> Iterator[None]:
    """Keep torch from running a transformer's layers as one kernel, in which no module is called."""
    enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(enabled)
