"""An output activation with a range leaves the squared distance of the targets from it, whatever the network."""

import math

import torch
from torch import nn

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.losses import mse

__all__ = ["EXPERIMENT"]

_RANGES: tuple[tuple[str, nn.Module, float, float], ...] = (
    ("sigmoid", nn.Sigmoid(), 0.0, 1.0),
    ("tanh", nn.Tanh(), -1.0, 1.0),
    ("softplus", nn.Softplus(), 0.0, math.inf),
)
_N = 100


def _trained(act: nn.Module, y: torch.Tensor, setting: Setting) -> tuple[float, float]:
    """Train one free pre-activation for each target; return the loss and the largest slope of one out of range."""
    z = torch.zeros(len(y), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([z], lr=0.05)
    for _ in range(setting.size(1500, 6000)):
        optimizer.zero_grad()
        loss = mse(act(z), y)
        loss.backward()
        optimizer.step()
    (slope,) = torch.autograd.grad(act(z).sum(), z)
    return loss.item(), slope[y < -1.5].abs().max().item()


def _run(setting: Setting) -> Result:
    y = torch.randn(_N, generator=setting.generator(), dtype=torch.float64)
    y[:2] = torch.tensor([-2.0, 2.0])
    y = (y - y.mean()) / y.std(correction=0)
    floors = [(y - y.clamp(low, high)).square().mean().item() for _, _, low, high in _RANGES]
    ends = [_trained(nn.Identity() if setting.broken else act, y, setting) for _, act, _, _ in _RANGES]
    names = [name for name, *_ in _RANGES]
    return Result(
        checks=(
            *(
                near(f"loss under {name}: mean squared distance of the targets from its range", f, loss, relative=0.01)
                for name, f, (loss, _) in zip(names, floors, ends, strict=True)
            ),
            *(
                at_most(f"slope of {name} at targets below −1.5: driven towards 0", 0.02, slope)
                for name, (_, slope) in zip(names, ends, strict=True)
            ),
        ),
        figures=(
            versus("Loss that no training removes", "activation: 0 sigmoid, 1 tanh, 2 softplus", "mean squared error",
                   (0, 1, 2), floors, [loss for loss, _ in ends]),
        ),
        notes=("Each target has a pre-activation of its own: no network could do better on standardised targets.",
               "The loss comes near its floor only as 1/steps, since the slope dies: hence 1 %."),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="outputs-stay-in-range",
    claim="Where the output activation has a range that the targets leave, the least squared error is their mean "
    "squared distance from it, and training drives the activation into its flat part.",
    source="McCullagh and Nelder (1989), Generalized linear models, section 2.2.4, on canonical links.",
    textbook=("A31",),
    control="no activation at the output",
    run=_run,
    formulas=("rhobar.nn.losses.mse",),
    findings=("wrong-output-activation", "saturated-units", "unscaled-targets"),
)
