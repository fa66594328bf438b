"""What torch's optimizers do to a gradient: their step sizes η/P for each parameter, and their momentum's limit.

Textbook: C-§5.4 C39 C41 B19 (part 6).
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer

__all__ = ["momentum_limit", "step_sizes", "weight_decay"]


def step_sizes(optimizer: Optimizer, params: Sequence[Tensor]) -> list[Tensor]:
    """Return η/P in the shape of each parameter.

    SGD: P = 1. Adam: √(v/(1 − β₂ᵗ)) + ε, v the running maximum with `amsgrad`. RMSprop: √v + ε, of the variance if
    centered. Adagrad: √G + ε.

    Raises:
        ValueError: If the optimizer is of another kind, or has not yet taken the step that fills its state.
    """
    kind = _kind(optimizer)
    groups = {id(p): group for group in optimizer.param_groups for p in group["params"]}
    sizes = []
    for p in params:
        group, state = groups[id(p)], optimizer.state.get(p, {})
        rate = float(group["lr"])
        if kind == "SGD":
            sizes.append(torch.full_like(p, rate, requires_grad=False))
            continue
        if not state:
            raise ValueError(f"{kind} must have taken a step before its preconditioner is known; call step() first.")
        sizes.append(rate / _root(kind, group, state))
    return [size.detach() for size in sizes]


def weight_decay(optimizer: Optimizer, params: Sequence[Tensor]) -> list[Tensor]:
    """Return the λ that coupled weight decay adds to the diagonal of H; zero where it is decoupled."""
    groups = {id(p): group for group in optimizer.param_groups for p in group["params"]}
    coupled = _kind(optimizer) != "AdamW"

    def of(group: dict[str, Any]) -> float:
        return float(group["weight_decay"]) if coupled and not group.get("decoupled_weight_decay") else 0.0

    return [torch.full_like(p, of(groups[id(p)]), requires_grad=False) for p in params]


def momentum_limit(optimizer: Optimizer) -> float:
    """Return c: the iteration is stable where the curvature, times η/P, is below it.

    Raises:
        ValueError: If the optimizer is of another kind, or the groups differ.
    """
    kind = _kind(optimizer)
    limits = {_limit(kind, group) for group in optimizer.param_groups}
    if len(limits) > 1:
        raise ValueError(
            f"All parameter groups must have the same momentum, got the limits {sorted(limits)}; the stability of a "
            "mixture does not follow from one eigenvalue."
        )
    return limits.pop()


def _limit(kind: str, group: dict[str, Any]) -> float:
    if kind in ("Adam", "AdamW"):
        beta = float(group["betas"][0])
        return 2 * (1 + beta) / (1 - beta)
    beta = float(group.get("momentum", 0.0))
    if group.get("nesterov"):
        return 2 * (1 + beta) / (1 + 2 * beta)
    dampening = float(group.get("dampening", 0.0)) if beta else 0.0
    return 2 * (1 + beta) / (1 - dampening)


def _root(kind: str, group: dict[str, Any], state: dict[str, Any]) -> Tensor:
    eps = float(group["eps"])
    if kind in ("Adam", "AdamW"):
        v = state["max_exp_avg_sq"] if group["amsgrad"] else state["exp_avg_sq"]
        corrected: Tensor = v / (1 - float(group["betas"][1]) ** float(state["step"]))
        return corrected.sqrt() + eps
    if kind == "RMSprop":
        square = state["square_avg"]
        variance: Tensor = square - state["grad_avg"] ** 2 if group["centered"] else square
        return variance.sqrt() + eps
    total = state["sum"]
    slowed = 1 + (float(state["step"]) - 1) * float(group["lr_decay"])
    root: Tensor = slowed * (total.sqrt() + eps)
    return root


def _kind(optimizer: Optimizer) -> str:
    for kind in (torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD, torch.optim.RMSprop, torch.optim.Adagrad):
        if isinstance(optimizer, kind):
            return kind.__name__
    raise ValueError(
        f"The optimizer must be torch's SGD, Adam, AdamW, RMSprop or Adagrad, got {type(optimizer).__name__}; "
        "take eigenpairs of a LinearOperator scaled by its preconditioner yourself."
    )
