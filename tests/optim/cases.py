"""Every optimizer of rhobar on one small regression, each driven as its documentation says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from rhobar.optim import KFAC, SAM, Lookahead, NaturalGradient, NewtonCG, ProximalL1, lbfgs


def problem(seed=0, dtype=torch.float64):
    """A network with three layers' worth of parameters, inputs and targets."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).to(dtype)
    return model, torch.randn(12, 3, dtype=dtype), torch.randn(12, 2, dtype=dtype)


@dataclass(frozen=True)
class Case:
    """How to make one optimizer, and what it needs from the loop: "backward", "closure", "loss" or "outputs"."""

    make: Callable[..., Any]
    drive: str = "backward"
    settings: dict[str, Any] = field(default_factory=dict)
    """With them it moves a little at every step."""

    def optimizer(self, model, groups=None, **more):
        return self.make(model.parameters() if groups is None else groups, model, **{**self.settings, **more})

    def step(self, optimizer, model, x, y):
        """One step; returns the loss that `step` reports, or the one computed before it."""

        def loss():
            return F.mse_loss(model(x), y)

        def closure():
            optimizer.zero_grad()
            value = loss()
            value.backward()
            return value

        if self.drive == "backward":
            value = closure()
            optimizer.step()
            return value.detach()
        if self.drive == "closure":
            return optimizer.step(closure).detach()
        if self.drive == "loss":
            return optimizer.step(loss)

        def both():
            outputs = model(x)
            return F.mse_loss(outputs, y), outputs

        return optimizer.step(both)


def _wrap(wrapper, base, **options):
    def make(params, model, lr=0.05, maximize=False, **more):
        return wrapper(base(params, lr=lr, maximize=maximize), **{**options, **more})

    return make


def _kfac(params, model, **settings):
    return KFAC(params, model, likelihood="gaussian", generator=torch.Generator().manual_seed(0), **settings)


CASES = {
    "lookahead-sgd": Case(_wrap(Lookahead, lambda p, **s: torch.optim.SGD(p, momentum=0.9, **s), k=3)),
    "lookahead-adam": Case(_wrap(Lookahead, torch.optim.Adam, k=2)),
    "lookahead-rmsprop": Case(_wrap(Lookahead, torch.optim.RMSprop, k=2), settings={"lr": 0.01}),
    "sam-sgd": Case(_wrap(SAM, torch.optim.SGD, rho=0.1), "closure"),
    "sam-adam": Case(_wrap(SAM, torch.optim.Adam, adaptive=True), "closure"),
    "lookahead-of-sam": Case(_wrap(Lookahead, lambda p, **s: SAM(torch.optim.Adam(p, **s)), k=2), "closure"),
    "proximal-l1": Case(lambda p, m, **s: ProximalL1(p, **s), settings={"lr": 0.05, "l1": 1e-3, "momentum": 0.5}),
    "newton-cg": Case(lambda p, m, **s: NewtonCG(p, **s), "loss", {"radius": 0.1}),
    "natural-gradient": Case(
        lambda p, m, **s: NaturalGradient(p, likelihood="gaussian", **s), "outputs", {"lr": 0.1, "damping": 0.1}
    ),
    "kfac": Case(_kfac, settings={"lr": 0.1, "damping": 1e-2, "stats_every": 2, "inverse_every": 3}),
}
LBFGS = Case(lambda p, m, **s: lbfgs(p, **s), "closure", {"max_iter": 4})
"""torch's own, in one group and without `maximize`: it takes part where the law applies."""
