"""Is the step too long or too short? The loss along one more update, at many multiples of its length.

L(θ − s·η·P∇L) for s from 1/100 to 1000, where P is the optimizer's own preconditioner. On a quadratic with curvature
λ along the update the loss is least at s = 1/(ηλ): s ≪ 1 there means that η exceeds the stability limit, s ≫ 1 that
training creeps.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

__all__ = ["FACTORS", "preconditioned", "rate_line"]

FACTORS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)


def preconditioned(
    optimizer: Optimizer, parameters: Sequence[Tensor], gradients: Sequence[Tensor]
) -> list[Tensor] | None:
    """P∇L for unit rate: the direction in which this optimizer would move for a lasting gradient.

    Gradient descent with momentum β: g/(1 − β). Adam: g/(√v̂ + ε), v̂ = v/(1 − β₂ᵗ). RMSprop: g/(√v + ε).
    Adagrad: g/(√G + ε). ``None`` for optimizers of another kind.
    """
    groups = {id(p): group for group in optimizer.param_groups for p in group["params"]}
    directions = []
    for p, g in zip(parameters, gradients, strict=True):
        group, state = groups.get(id(p)), optimizer.state.get(p, {})
        if group is None:
            directions.append(torch.zeros_like(g))
        elif "exp_avg_sq" in state and "betas" in group:
            t = float(state.get("step", 1))
            v = state["exp_avg_sq"] / max(1 - group["betas"][1] ** t, 1e-12)
            directions.append(g / (v.sqrt() + group["eps"]))
        elif "square_avg" in state and "alpha" in group:
            directions.append(g / (state["square_avg"].sqrt() + group["eps"]))
        elif "sum" in state:
            directions.append(g / (state["sum"].sqrt() + group["eps"]))
        elif "momentum" in group and "betas" not in group:
            directions.append(g / (1 - min(float(group["momentum"]), 0.999)))
        else:
            return None
    return directions


def rate_line(
    model: nn.Module,
    loss: Callable[[nn.Module], Tensor],
    directions: Sequence[Tensor],
    rate: float,
    *,
    factors: Sequence[float] = FACTORS,
) -> list[float]:
    """Losses at θ − s·rate·direction for each factor s; θ is put back exactly.

    Args:
        model: The network; its parameters are in the order of `directions`.
        loss: Computes the loss of the model as it stands.
        directions: One tensor per parameter.
        rate: Learning rate η.
        factors: Multiples s.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    start = [p.detach().clone() for p in parameters]
    losses = []
    with torch.no_grad():
        for factor in factors:
            for p, s, d in zip(parameters, start, directions, strict=True):
                p.copy_(s - factor * rate * d)
            value = float(loss(model))
            losses.append(value if math.isfinite(value) else math.inf)
        for p, s in zip(parameters, start, strict=True):
            p.copy_(s)
    return losses
