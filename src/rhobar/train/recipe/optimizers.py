"""The optimizers as a recipe names them: torch's and rhobar's, on weights that decay and others that do not."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import nn
from torch.optim.optimizer import Optimizer

from rhobar.optim import KFAC, SAM, Lookahead, NaturalGradient, NewtonCG, lbfgs
from rhobar.train.penalty import decay_groups

__all__ = ["OPTIMIZERS"]

_Likelihood = Literal["categorical", "bernoulli", "gaussian"]


def _fused(model: nn.Module) -> bool:
    """Whether torch has a fused kernel: one pass over the memory instead of ten."""
    return all(p.is_floating_point() and p.device.type in ("cpu", "cuda") for p in model.parameters())


def sgd(
    model: nn.Module, *, rate: float = 0.1, momentum: float = 0.9, nesterov: bool = False, weight_decay: float = 0.0
) -> Optimizer:
    """Stochastic gradient descent with momentum."""
    groups = decay_groups(model, weight_decay)
    return torch.optim.SGD(groups, lr=rate, momentum=momentum, nesterov=nesterov, fused=_fused(model))


def adam(
    model: nn.Module, *, rate: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), weight_decay: float = 0.0
) -> Optimizer:
    """Adam; weight decay is part of its gradient."""
    return torch.optim.Adam(decay_groups(model, weight_decay), lr=rate, betas=betas, fused=_fused(model))


def adamw(
    model: nn.Module, *, rate: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), weight_decay: float = 0.01
) -> Optimizer:
    """Adam with weight decay apart from the gradient."""
    return torch.optim.AdamW(decay_groups(model, weight_decay), lr=rate, betas=betas, fused=_fused(model))


def rmsprop(
    model: nn.Module, *, rate: float = 1e-3, alpha: float = 0.99, momentum: float = 0.0, weight_decay: float = 0.0
) -> Optimizer:
    """RMSprop."""
    return torch.optim.RMSprop(decay_groups(model, weight_decay), lr=rate, alpha=alpha, momentum=momentum)


def adagrad(model: nn.Module, *, rate: float = 1e-2, weight_decay: float = 0.0) -> Optimizer:
    """AdaGrad."""
    return torch.optim.Adagrad(decay_groups(model, weight_decay), lr=rate)


def radam(model: nn.Module, *, rate: float = 1e-3, weight_decay: float = 0.0) -> Optimizer:
    """Rectified Adam."""
    return torch.optim.RAdam(decay_groups(model, weight_decay), lr=rate, decoupled_weight_decay=True)


def lookahead(
    model: nn.Module, *, rate: float = 1e-3, k: int = 5, alpha: float = 0.5, weight_decay: float = 0.01
) -> Optimizer:
    """Lookahead around AdamW."""
    return Lookahead(adamw(model, rate=rate, weight_decay=weight_decay), k=k, alpha=alpha)


def sam(
    model: nn.Module,
    *,
    rate: float = 0.1,
    rho: float = 0.05,
    adaptive: bool = False,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Sharpness-aware minimisation around SGD."""
    return SAM(sgd(model, rate=rate, momentum=momentum, weight_decay=weight_decay), rho=rho, adaptive=adaptive)


def kfac(
    model: nn.Module,
    *,
    rate: float = 0.1,
    momentum: float = 0.9,
    damping: float = 1e-2,
    weight_decay: float = 0.0,
    likelihood: _Likelihood = "categorical",
) -> Optimizer:
    """K-FAC."""
    return KFAC(
        decay_groups(model, weight_decay), model, lr=rate, momentum=momentum, damping=damping, likelihood=likelihood
    )


def newton_cg(model: nn.Module, *, rate: float = 1.0) -> Optimizer:
    """Newton's method by conjugate gradients in a trust region."""
    return NewtonCG(model.parameters(), lr=rate)


def natural_gradient(
    model: nn.Module, *, rate: float = 0.1, damping: float = 1e-3, likelihood: _Likelihood = "categorical"
) -> Optimizer:
    """The natural gradient by conjugate gradients."""
    return NaturalGradient(model.parameters(), rate, likelihood=likelihood, damping=damping)


def quasi_newton(model: nn.Module, *, rate: float = 1.0, max_iter: int = 20) -> Optimizer:
    """L-BFGS with a line search, for batches without noise."""
    return lbfgs(model.parameters(), lr=rate, max_iter=max_iter)


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": sgd,
    "adam": adam,
    "adamw": adamw,
    "rmsprop": rmsprop,
    "adagrad": adagrad,
    "radam": radam,
    "lookahead": lookahead,
    "sam": sam,
    "kfac": kfac,
    "newton-cg": newton_cg,
    "natural-gradient": natural_gradient,
    "lbfgs": quasi_newton,
}
"""Name ↦ what makes it for a model from the options of ``[optimizer]``."""
