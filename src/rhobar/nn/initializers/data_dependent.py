"""Unit variance by measurement, for what no formula covers: one batch, one pass, every linear map in turn.

Reference: Mishkin and Matas (2016), All you need is a good init (LSUV).
"""

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from rhobar.nn.initializers.evaluating import evaluating
from rhobar.nn.initializers.orthogonal import orthogonal_

__all__ = ["UnitVariance", "unit_variance_"]


@dataclass(frozen=True)
class UnitVariance:
    """What `unit_variance_` did.

    Attributes:
        scales: For every linear module in the order of the forward pass, the factor its weight was multiplied by.
        left: Linear modules that the forward pass did not call, or whose output did not vary.
    """

    scales: dict[str, float]
    left: tuple[str, ...]


def unit_variance_(
    module: nn.Module,
    *inputs: Any,
    only: Collection[str] | None = None,
    orthogonal: bool = True,
    generator: torch.Generator | None = None,
) -> UnitVariance:
    """Scale the weights in place so that the output of every linear module has variance 1 on one batch.

    W ← Q,  b ← 0,  then  W ← W / std(W x)   with x as the layers before, already scaled, hand it on

    One forward pass does it, as z is linear in W. It runs in evaluation mode without gradients; modes and buffers are
    as before afterwards.

    Args:
        module: Any model; ``nn.Linear`` and convolutions in it are scaled.
        inputs: One batch, as the forward takes it.
        only: Names of the modules to scale; all if None.
        orthogonal: Start from orthogonal weights and zero biases, rather than from what is there.
        generator: Source of the orthogonal start.

    Raises:
        ValueError: If there is no such module.

    Example:
        >>> net = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 3))
        >>> x = torch.randn(256, 8, generator=torch.Generator().manual_seed(0))
        >>> _ = unit_variance_(net, x)
        >>> round(net(x).var().item(), 3)
        1.0
    """
    named = {name: m for name, m in module.named_modules() if isinstance(m, (nn.Linear, _ConvNd))}
    chosen = {name: m for name, m in named.items() if only is None or name in only}
    if not chosen or (only is not None and len(chosen) < len(set(only))):
        raise ValueError(f"only must name linear modules of the model, among {sorted(named)}; got {only}.")
    scales: dict[str, float] = {}
    with ExitStack() as stack, evaluating(module), torch.no_grad():
        for name, layer in chosen.items():
            if orthogonal:
                orthogonal_(layer.weight, generator=generator)
                if layer.bias is not None:
                    layer.bias.zero_()
            stack.callback(layer.register_forward_hook(_scaling(name, scales)).remove)
        module(*inputs)
    return UnitVariance(scales, tuple(name for name in chosen if name not in scales))


def _scaling(name: str, scales: dict[str, float]):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """Return a forward hook that scales the weight on its first call, and the output as if it had been so before."""

    def hook(layer: nn.Linear | _ConvNd, _: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
        std = output.std()
        if name in scales or not 0 < std < torch.inf:
            return None
        scales[name] = 1 / std.item()
        layer.weight.mul_(scales[name])
        if layer.bias is not None:
            layer.bias.mul_(scales[name])
        return output * scales[name]

    return hook
