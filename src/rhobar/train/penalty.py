"""Penalties on the size of the weights: L2 and L1, without biases and gains."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["add_penalty_", "decay_groups", "penalty", "weights"]


def weights(model: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that a penalty is for: those of two axes or more that are not named ``bias``.

    A bias shifts and a gain of a normalisation rescales; neither makes the function more complex, and both have one
    axis.

    Textbook: A85

    Example:
        >>> [tuple(p.shape) for p in weights(nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2)))]
        [(2, 3)]
    """
    named = dict(model.named_parameters())
    return [p for name, p in named.items() if p.requires_grad and p.ndim >= 2 and not name.endswith("bias")]


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return parameter groups for an optimizer in which only the weights decay.

    Args:
        model: The network.
        weight_decay: λ of the optimizer for the weights; all other parameters get 0.

    Returns:
        Two groups, or one where there is nothing for the other.

    Textbook: A85

    Example:
        >>> groups = decay_groups(nn.Linear(3, 2), 0.1)
        >>> [(len(group["params"]), group["weight_decay"]) for group in groups]
        [(1, 0.1), (1, 0.0)]
    """
    decayed = {id(p) for p in weights(model)}
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if id(p) in decayed], "weight_decay": weight_decay},
        {"params": [p for p in trained if id(p) not in decayed], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def penalty(params: Iterable[Tensor], *, l1: float, l2: float) -> Tensor:
    """Return l1 Σ|w| + (l2/2) Σw².

    This is −log of a prior up to a constant: Gaussian of variance τ² with l2 = 1/τ², Laplace of scale b with
    l1 = 1/b, both divided by the number of samples where the loss is their mean. (The study guide writes λ/2, one
    text λ: its λ is half of ours. torch's `weight_decay` is ours.)

    Textbook: A83, A84, A86, C76

    Example:
        >>> penalty([torch.tensor([1.0, -2.0])], l1=1.0, l2=2.0).item()
        8.0
    """
    return torch.stack([l1 * w.abs().sum() + l2 / 2 * w.square().sum() for w in params]).sum()


@torch.no_grad()
def add_penalty_(params: Sequence[Tensor], *, l1: float, l2: float) -> None:
    """Add the penalty's gradient l1 sign(w) + l2 w to that of the loss, in place; parameters without one stay out."""
    live = [w for w in params if w.grad is not None]
    grads = [w.grad for w in live if w.grad is not None]
    if l2 and live:
        torch._foreach_add_(grads, live, alpha=l2)
    if l1 and live:
        torch._foreach_add_(grads, torch._foreach_sign(live), alpha=l1)
