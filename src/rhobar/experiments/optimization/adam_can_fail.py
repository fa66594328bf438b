"""Adam can diverge from the optimum of a convex problem: rare large gradients are forgotten too soon."""

import torch

from rhobar.experiments.checks import at_least, at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.survey import Curve, Plot
from rhobar.theory.convergence import gradient_descent_regret

__all__ = ["EXPERIMENT"]

_C = 4.0
"""Size of the rare gradient."""
_BETA2 = 1 / (1 + _C**2)


def _slope(t: int, *, broken: bool) -> float:
    """Return the slope of the loss at time t: C once in three steps, else −1: on average (C − 2)/3 > 0.

    In the control it is that average at every step.
    """
    return (_C - 2) / 3 if broken else (_C if t % 3 == 1 else -1.0)


def _follow(amsgrad: bool, rate: float, steps: int, setting: Setting) -> list[float]:
    """Follow the online losses on [−1, 1], of rate η/√t, by torch's Adam with β₁ = 0; return x after every period."""
    x = torch.nn.Parameter(torch.rand(1, generator=setting.generator(), dtype=torch.float64) - 0.5)
    optimizer = torch.optim.Adam([x], lr=rate, betas=(0.0, _BETA2), eps=1e-12, amsgrad=amsgrad)
    path: list[float] = []
    for t in range(1, steps + 1):
        optimizer.param_groups[0]["lr"] = rate / t**0.5
        x.grad = torch.full_like(x, _slope(t, broken=setting.broken))
        optimizer.step()
        with torch.no_grad():
            x.clamp_(-1, 1)
        if t % 3 == 0:
            path.append(float(x.detach()))
    return path


def _run(setting: Setting) -> Result:
    steps = setting.size(3000, 30_000)
    adam, amsgrad = (_follow(flag, 0.5, steps, setting) for flag in (False, True))
    mean_slope = (_C - 2) / 3
    allowed = gradient_descent_regret(2.0, _C, steps, schedule="decaying").value
    regret = mean_slope * (adam[-1] + 1)  # per step at the end, against the best point −1
    places = tuple(3.0 * (k + 1) for k in range(0, len(adam), 10))
    return Result(
        checks=(
            at_least("where Adam ends: at the worst point, x = 1", 0.99, adam[-1]),
            at_least("its regret per step in the end: 2(C − 2)/3", 1.99 * mean_slope, regret),
            at_least("Adam's regret over all rounds: above what descent guarantees", allowed, steps * regret),
            at_most("where AMSGrad ends, which forgets no large v: below its start", amsgrad[0], amsgrad[-1]),
        ),
        figures=(
            Plot(
                "Iterates on [−1, 1], the best point being −1",
                "step t",
                "x",
                (
                    Curve("predicted for Adam", places, (1.0,) * len(places)),
                    Curve("the best point", places, (-1.0,) * len(places)),
                    Curve("Adam", places, tuple(adam[::10])),
                    Curve("AMSGrad", places, tuple(amsgrad[::10])),
                ),
                log=True,
            ),
        ),
        notes=(
            "The cause is a memory shorter than the period: with β₂ = 0.999 it takes a period of a thousand steps.",
        ),
    )


EXPERIMENT = Experiment(
    name="adam-can-fail",
    claim="On the losses Cx, −x, −x, … over [−1, 1], with β₁ = 0 and β₂ = 1/(1 + C²), Adam ends at the worst point.",
    source="Reddi, Kale and Kumar (2018), On the convergence of Adam and beyond, theorem 1.",
    textbook=("C-§5.4.1", "C-§5.4.2", "B26"),
    control="the mean of the losses at every step: no rare gradient",
    run=_run,
    formulas=("rhobar.theory.convergence.gradient_descent_regret",),
)
