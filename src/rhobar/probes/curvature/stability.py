"""How near an optimizer is to the largest learning rate at which it is stable on the local quadratic.

On L(θ) = ½ θᵀ H θ, with P the optimizer's own diagonal preconditioner, held fixed, and D = diag(η/P), the iteration

    θ ← θ − D · (momentum of H θ)

is stable if and only if λ_max(D^½ H D^½) < c, with c from the momentum alone:

    gradient descent             2
    heavy ball, dampening τ      2 (1 + β) / (1 − τ)            v ← β v + (1 − τ) g,  θ ← θ − η v
    Nesterov as in torch         2 (1 + β) / (1 + 2 β)          θ ← θ − η (g + β v)
    Adam                         2 (1 + β₁) / (1 − β₁)          P = √v̂ + ε

For gradient descent that is the bound η < 2/λ_max. Full-batch training moves to it and stays there.

Textbook: A55 A57 (part 6); B61 B65 (part 13).

References:
    Cohen et al. (2021), Gradient descent on neural networks typically occurs at the edge of stability, section 2.
    Cohen et al. (2022), Adaptive gradient methods at the edge of stability, section 3, eq. (3).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from rhobar.linalg import LinearOperator, eigenpairs
from rhobar.probes.curvature.hessian import hessian
from rhobar.probes.curvature.parameters import ParameterSpace
from rhobar.probes.curvature.preconditioner import momentum_limit, step_sizes, weight_decay
from rhobar.probes.curvature.risk import Batch, Loss
from rhobar.probes.second_order import eager

__all__ = ["Stability", "stability"]


@dataclass(frozen=True)
class Stability:
    """The optimizer's sharpness beside its limit.

    Attributes:
        ratio: λ_max(D^½ H D^½) / c; above one the iteration diverges along `direction`.
        residual: Of `ratio`: there is an eigenvalue within this distance of it.
        rate: The learning rate η of the first parameter group.
        limit: η / ratio, the first rate at which stability is lost if all groups' rates change alike; infinite where
            no curvature is positive.
        sharpness: λ_max(P^-½ H P^-½), with rates relative to the first group's; for gradient descent λ_max(H).
        momentum_limit: c.
        num_matvecs: Products with H.
        converged: Whether the residual reached its tolerance.
    """

    ratio: float
    residual: float
    rate: float
    limit: float
    sharpness: float
    momentum_limit: float
    num_matvecs: int
    converged: bool


def stability(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    optimizer: Optimizer,
    *,
    tol: float = 1e-2,
    max_matvecs: int = 300,
    generator: torch.Generator | None = None,
) -> Stability:
    """Measure the sharpness that the optimizer sees.

    Args:
        model: Any module.
        loss: As for `hessian`.
        batches: As for `hessian`; the whole data, or enough of it to stand for the whole.
        optimizer: SGD, Adam, AdamW, RMSprop or Adagrad of torch, with the state of its steps so far. Coupled weight
            decay is added to H; AdamW's decoupled one, of order η λ beside c, is left out.
        tol: Relative residual at which the eigenvalue is final.
        max_matvecs: Bound on the products.
        generator: Source of the random start; by default one seeded with zero.

    Returns:
        The ratio, its limit and how well they are known.

    Raises:
        ValueError: If the optimizer is of another kind, has taken no step yet (where that is needed), has different
            momenta in its groups, or holds none of the model's trainable parameters.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)  # λ = 10, limit 2/10
        >>> batch = (torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1))
        >>> found = stability(model, nn.MSELoss(), [batch], torch.optim.SGD(model.parameters(), lr=0.1))
        >>> round(found.ratio, 4), round(found.limit, 4)
        (0.5, 0.2)
    """
    model = eager(model)
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    names = [name for name, p in model.named_parameters() if p.requires_grad and id(p) in held]
    if not names:
        raise ValueError("The optimizer must hold trainable parameters of the model, and holds none of them.")
    space = ParameterSpace.of(model, names)
    params = [dict(model.named_parameters())[name] for name in names]
    limit, rate = momentum_limit(optimizer), float(optimizer.param_groups[0]["lr"])
    D = space.flatten(step_sizes(optimizer, params))
    decay = space.flatten(weight_decay(optimizer, params))
    sign = -1.0 if optimizer.param_groups[0].get("maximize") else 1.0
    A = _scaled(hessian(model, loss, batches, names=names), D, decay, sign)
    top = eigenpairs(
        A, which="largest", tol=tol, max_matvecs=max_matvecs, generator=generator or torch.Generator().manual_seed(0)
    )
    value = top.values[0].item()
    ratio = value / limit
    return Stability(
        ratio,
        top.residuals[0].item() / limit,
        rate,
        rate / ratio if ratio > 0 else (float("inf") if ratio <= 0 else ratio),
        value / rate if rate else float("nan"),
        limit,
        top.num_matvecs,
        top.converged,
    )


def _scaled(H: LinearOperator, D: Tensor, decay: Tensor, sign: float) -> LinearOperator:
    """Return v ↦ D^½ (± H + diag(decay)) D^½ v."""
    root = D.sqrt()

    def matvec(v: Tensor) -> Tensor:
        x = root * v
        return root * (sign * (H @ x) + decay * x)

    return LinearOperator.symmetric(matvec, H.shape[0], H.dtype, H.device)
