"""Gradients cleared before the step: nothing is learned, and weight decay shrinks what was there."""

from collections.abc import Callable

import torch
from torch import nn

from rhobar.experiments.checks import near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.architectures import MLP

__all__ = ["EXPERIMENT"]

_RATE, _DECAY, _DIM = 0.05, 0.5, 6

_OPTIMIZERS: dict[str, tuple[Callable[[list[nn.Parameter]], torch.optim.Optimizer], float]] = {
    "SGD": (lambda p: torch.optim.SGD(p, lr=_RATE), 0.0),
    "SGD with decay": (lambda p: torch.optim.SGD(p, lr=_RATE, weight_decay=_DECAY), _DECAY),
    "AdamW": (lambda p: torch.optim.AdamW(p, lr=_RATE, weight_decay=_DECAY), _DECAY),
}
"""By name: how to make it, and its λ."""


def _course(make: Callable[[list[nn.Parameter]], torch.optim.Optimizer], setting: Setting) -> list[float]:
    """Return θ_t·θ_0/‖θ_0‖² of each step."""
    generator = setting.generator()
    x = torch.randn(50, _DIM, generator=generator, dtype=torch.float64)
    y = x.sum(1, keepdim=True)
    with torch.random.fork_rng():
        torch.manual_seed(setting.seed)
        model = MLP(_DIM, [8], 1).double()
    params = list(model.parameters())
    start = nn.utils.parameters_to_vector(params).detach().clone()
    optimizer = make(params)
    sizes = []
    for _ in range(setting.size(100, 400)):
        sizes.append((nn.utils.parameters_to_vector(params) @ start / start.square().sum()).item())
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        if not setting.broken:
            optimizer.zero_grad(set_to_none=False)
        optimizer.step()
    return sizes


def _run(setting: Setting) -> Result:
    checks, figures = [], []
    for name, (make, decay) in _OPTIMIZERS.items():
        sizes = _course(make, setting)
        steps = range(len(sizes))
        law = [(1 - _RATE * decay) ** t for t in steps]
        checks.append(
            near(f"θ·θ₀/‖θ₀‖² after {len(sizes) - 1} steps of {name}: (1 − ηλ)^t, λ = {decay:g}", law[-1], sizes[-1],
                 relative=1e-9)
        )  # fmt: skip
        figures.append(versus(f"Weights under {name}", "step", "θ·θ₀/‖θ₀‖²", steps, law, sizes))
    return Result(
        checks=tuple(checks),
        figures=tuple(figures),
        notes=("With set_to_none, torch's default, the optimizer passes over parameters without gradients: nothing "
               "decays either. A decay can so look like training: weights move, the loss changes.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="cleared-gradients-only-decay",
    claim="If gradients are set to zero between backward and step, SGD and AdamW turn θ₀ into (1 − ηλ)^t θ₀ whatever "
    "the loss; without weight decay nothing moves.",
    source="Loshchilov and Hutter (2019), Decoupled weight decay regularization, algorithm 2, at zero gradient.",
    textbook=("C51",),
    control="the gradients are cleared before backward",
    run=_run,
    formulas=("rhobar.nn.architectures.MLP",),
    findings=("no-optimizer-step", "not-learning"),
)
