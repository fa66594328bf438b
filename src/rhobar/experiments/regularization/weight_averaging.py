"""Averaging the weights of SGD at a constant rate: the noise falls like 1/T, whatever the rate."""

import torch
from torch import nn

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.optim import swa
from rhobar.probes.estimate import Estimate, mean_of

__all__ = ["EXPERIMENT"]

_CURVATURE, _NOISE = 1.0, 1.0
_RATES = (0.05, 0.2, 0.8)
_MEMORY = 0.9
"""Correlation of the gradient's noise from one step to the next in the control."""


class _Chains(nn.Module):
    """Many independent runs, one parameter each."""

    def __init__(self, start: torch.Tensor) -> None:
        super().__init__()
        self.w = nn.Parameter(start)


def _variances(rate: float, steps: int) -> tuple[float, float]:
    """Return the stationary variance of w, v = ηs²/(h(2 − ηh)), and that of the mean of `steps` iterates.

    Successive iterates have the correlation a = 1 − ηh, so that Var = (v/T²)(T + 2 Σ_{k<T} (T − k) a^k).
    """
    v = rate * _NOISE**2 / (_CURVATURE * (2 - rate * _CURVATURE))
    k = torch.arange(1, steps, dtype=torch.float64)
    return v, float(v / steps**2 * (steps + 2 * ((steps - k) * (1 - rate * _CURVATURE) ** k).sum()))


@torch.no_grad()
def _measure(rate: float, steps: int, setting: Setting) -> tuple[Estimate, Estimate]:
    """Run the chains from stationarity; return the mean squares of the last and of the averaged weights."""
    generator = setting.generator(round(1000 * rate))
    chains = setting.size(2000, 20_000)
    model = _Chains(_variances(rate, steps)[0] ** 0.5 * torch.randn(chains, generator=generator, dtype=torch.float64))
    average = swa(model)
    noise = torch.randn(chains, generator=generator, dtype=torch.float64)
    for _ in range(steps):
        fresh = torch.randn(chains, generator=generator, dtype=torch.float64)
        noise = _MEMORY * noise + (1 - _MEMORY**2) ** 0.5 * fresh if setting.broken else fresh
        model.w.sub_(rate * (_CURVATURE * model.w + _NOISE * noise))
        average.update_parameters(model)
    (averaged,) = average.module.parameters()
    return mean_of(model.w.square()), mean_of(averaged.square())


def _run(setting: Setting) -> Result:
    steps = setting.size(200, 2000)
    theory = [_variances(rate, steps) for rate in _RATES]
    seen = [_measure(rate, steps, setting) for rate in _RATES]
    limit = _NOISE**2 / (_CURVATURE**2 * steps)
    return Result(
        checks=(
            *(
                equal(f"E w² of the average of {steps}, rate {r}", p, m)
                for r, (_, p), (_, m) in zip(_RATES, theory, seen, strict=True)
            ),
            *(
                equal(f"E w² of one iterate, rate {r}", p, m)
                for r, (p, _), (m, _) in zip(_RATES, theory, seen, strict=True)
            ),
        ),
        figures=(
            versus(
                "Variance of the last weights",
                "rate η",
                "E w²",
                _RATES,
                [p for p, _ in theory],
                [m for m, _ in seen],
                log=True,
            ),
            versus(
                "Variance of the averaged weights",
                "rate η",
                "E w²",
                _RATES,
                [p for _, p in theory],
                [m for _, m in seen],
                log=True,
            ),
        ),
        notes=(
            f"For many steps the average tends to s²/(h²T) = {limit:.4f} for every rate, the best T gradients allow.",
        ),
    )


EXPERIMENT = Experiment(
    name="weight-averaging",
    claim="On a quadratic with independent gradient noise of variance s², single iterates of SGD at a constant rate "
    "have the variance ηs²/(h(2 − ηh)), their average over T steps tends to s²/(h²T).",
    source="Polyak and Juditsky (1992), Acceleration of stochastic approximation by averaging, theorem 1.",
    textbook=("A92", "B18"),
    control="gradient noise that is correlated from step to step",
    run=_run,
    formulas=("rhobar.optim.swa",),
)
