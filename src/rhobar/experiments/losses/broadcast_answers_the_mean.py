"""A loss of (n, 1) against (n,) compares all with all: its best answer is the mean, and its floor the variance."""

import torch
from torch import nn

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.losses import mse
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_N, _DIM = 64, 5
_STEPS, _RATE = 400, 0.1


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    x = torch.randn(setting.size(_N, 10 * _N), _DIM, generator=generator, dtype=torch.float64)
    y = x @ torch.randn(_DIM, generator=generator, dtype=torch.float64) + 3.0
    with torch.random.fork_rng():
        torch.manual_seed(setting.seed)
        model = nn.Linear(_DIM, 1).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=_RATE)
    losses, laws = [], []
    for _ in range(_STEPS):
        answer = model(x)
        losses.append(mse(answer.squeeze(-1), y) if setting.broken else answer.sub(y).square().mean())
        p = answer.detach()
        laws.append((p.var(correction=0) + y.var(correction=0) + (p.mean() - y.mean()).square()).item())
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    with torch.no_grad():
        spread = (model(x) - y.mean()).abs().max().item()
    seen = [loss.item() for loss in losses]
    error = max(abs(a - b) / b for a, b in zip(seen, laws, strict=True))
    floor = y.var(correction=0).item()
    steps = tuple(float(t) for t in range(_STEPS))
    return Result(
        checks=(
            near("loss after training a model that could answer each row exactly: Var(y)", floor, seen[-1],
                 relative=1e-6),
            at_most("largest distance of an answer from the mean of the targets", 1e-3 * floor**0.5, spread),
            at_most("largest relative error of Var(p) + Var(y) + (p̄ − ȳ)² on the way", 1e-12, error),
        ),
        figures=(
            Plot("Loss of (n, 1) against (n,)", "step", "mean squared error",
                 (Curve("predicted floor Var(y)", steps, (floor,) * _STEPS), Curve("measured", steps, tuple(seen))),
                 log=True),
        ),
        notes=("The targets are a linear function of the inputs without noise: the right loss would end at 0.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="broadcast-answers-the-mean",
    claim="The squared error of (n, 1) against (n,) is Var(p) + Var(y) + (p̄ − ȳ)²: least, Var(y), where all answers "
    "are the mean.",
    source="The parallel axis theorem over all n² pairs; PyTorch documentation, Broadcasting semantics.",
    textbook=("A33", "A34"),
    control="prediction and target have one shape",
    run=_run,
    formulas=("rhobar.nn.losses.mse",),
    findings=("broadcast-loss", "not-learning"),
)
