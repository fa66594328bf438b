"""Sharpness measured in units of the weights does not change where a ReLU net is rescaled; plain sharpness does."""

import torch
from torch import nn

from rhobar.experiments.checks import at_least, at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.landscape import sam_sharpness

__all__ = ["EXPERIMENT"]

_SCALES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_DIM, _RADIUS = 3, 0.1


def _net(first: torch.Tensor, second: torch.Tensor, act: nn.Module) -> nn.Sequential:
    """Return v φ(Wx)."""
    model = nn.Sequential(nn.Linear(_DIM, len(first), bias=False), act, nn.Linear(len(first), 1, bias=False)).double()
    with torch.no_grad():
        for p, value in zip(model.parameters(), (first, second), strict=True):
            p.copy_(value)
    return model


def _run(setting: Setting) -> Result:
    generator, units, n = setting.generator(), setting.size(6, 64), setting.size(40, 400)
    x = torch.randn(n, _DIM, generator=generator, dtype=torch.float64)
    y = torch.randn(n, 1, generator=generator, dtype=torch.float64)
    W = torch.randn(units, _DIM, generator=generator, dtype=torch.float64)
    v = torch.randn(1, units, generator=generator, dtype=torch.float64)
    loss, act = nn.functional.mse_loss, nn.ReLU()
    plain: list[float] = []
    adaptive: list[float] = []
    moved = []
    base = _net(W, v, act)
    for scale in _SCALES:
        model = _net(scale * W, v / scale, act)
        moved.append((model(x) - base(x)).abs().max().item())
        for found, in_units in ((plain, False), (adaptive, not setting.broken)):
            rise = sam_sharpness(model, loss, [(x, y)], radius=_RADIUS, adaptive=in_units, num_steps=10).rise
            found.append(rise.value)
    one = _SCALES.index(1.0)
    weights = sum(p.abs().sum().item() for p in (W, v))
    return Result(
        checks=(
            *(
                near(f"rise of the loss within a ball in units of the weights, scale {s}: that at scale 1",
                     adaptive[one], seen, relative=1e-9)
                for s, seen in zip(_SCALES, adaptive, strict=True)
            ),
            at_most("largest change of an output", 1e-12, max(moved)),
            at_least("plain sharpness: its largest over its least, more than twice", 2.0, max(plain) / min(plain)),
        ),
        figures=(
            versus("Sharpness of one function, in units of the weights", "scale α", "rise of the loss", _SCALES,
                   [adaptive[one]] * len(_SCALES), adaptive, log=True),
            versus("Plain sharpness of the same", "scale α", "rise of the loss", _SCALES, [plain[one]] * len(_SCALES),
                   plain, log=True),
        ),
        notes=(f"{W.numel() + v.numel()} weights of mean size {weights / (W.numel() + v.numel()):.2f}.",
               "What is invariant may compare minima; that it predicts generalisation is an observation, with "
               "exceptions: Andriushchenko et al. (2023)."),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="adaptive-sharpness-is-invariant",
    claim="For a ReLU net without biases, max L(θ + ε) − L(θ) over ‖ε/|θ|‖ ≤ r is the same for (αW, v/α) at any α > 0; "
    "over ‖ε‖ ≤ r it is not.",
    source="Kwon, Kim, Park and Choi (2021), ASAM, theorem 1; Dinh, Pascanu, Bengio and Bengio (2017).",
    textbook=("B65",),
    control="the ball is not measured in units of the weights",
    run=_run,
    formulas=("rhobar.probes.landscape.sam_sharpness",),
)
