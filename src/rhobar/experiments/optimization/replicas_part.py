"""Replicas that are not averaged part as random walks do; averaged gradients keep a difference at the start."""

import torch

from rhobar.experiments.checks import equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.theory.convergence import noisy_second_moments

__all__ = ["EXPERIMENT"]

_RATE, _CURVATURE, _NOISE, _STEPS, _RANKS = 0.1, 0.5, 1.0, 60, 4
_SHOWN = (1, 3, 10, 30, 60)


def _paths(setting: Setting, *, averaged: bool, same_rows: bool, apart: float) -> torch.Tensor:
    """Run SGD on ½λθ² with gradient noise σ on all ranks; return θ as (step, repetition, rank)."""
    generator = setting.generator(int(averaged) + 2 * int(same_rows))
    runs = setting.size(4000, 40_000)
    theta = apart * torch.arange(_RANKS, dtype=torch.float64).expand(runs, -1)
    path = [theta]
    for _ in range(_STEPS):
        drawn = torch.randn(runs, 1 if same_rows else _RANKS, generator=generator, dtype=torch.float64)
        gradient = _CURVATURE * theta + _NOISE * drawn
        theta = theta - _RATE * (gradient.mean(1, keepdim=True) if averaged else gradient)
        path.append(theta)
    return torch.stack(path)


def _noise(steps: int, ranks: int) -> float:
    """Return the variance of θ_t, η²σ²/R (1 − (1 − ηλ)^2t)/(1 − (1 − ηλ)²)."""
    rates = torch.full((steps,), _RATE, dtype=torch.float64)
    return float(noisy_second_moments(_CURVATURE, _NOISE**2 / ranks, rates, start=0.0)[-1])


def _gap(path: torch.Tensor, t: int) -> Estimate:
    """Return the mean squared distance of two ranks."""
    return mean_of((path[t, :, 0] - path[t, :, 1]).square())


def _run(setting: Setting) -> Result:
    alone = _paths(setting, averaged=setting.broken, same_rows=False, apart=0.0)
    law = [2 * _noise(t, 1) for t in _SHOWN]
    gaps = [_gap(alone, t) for t in _SHOWN]
    loaded = _paths(setting, averaged=True, same_rows=False, apart=1.0)
    kept = (loaded[-1, :, 1] - loaded[-1, :, 0]).mean().item()
    own = _paths(setting, averaged=True, same_rows=False, apart=0.0)[-1, :, 0].square()
    shared = _paths(setting, averaged=True, same_rows=True, apart=0.0)[-1, :, 0].square()
    return Result(
        checks=(
            *(
                equal(f"mean squared distance of two ranks after {t} steps of their own: 2η²σ²(1 − q^t)/(1 − q)", p, m)
                for t, p, m in zip(_SHOWN, law, gaps, strict=True)
            ),
            near("distance of two ranks with averaged gradients, 1 apart at the start: 1 for ever", 1.0, kept,
                 relative=1e-9),
            equal(f"variance of a weight, {_RANKS} ranks with rows of their own: that of one over {_RANKS}",
                  _noise(_STEPS, _RANKS), mean_of(own)),
            equal(f"variance of a weight, {_RANKS} ranks with the same rows: that of one rank", _noise(_STEPS, 1),
                  mean_of(shared)),
        ),
        figures=(versus("Replicas without averaging", "step", "mean squared distance", _SHOWN, law, gaps, log=True),),
        notes=("q = (1 − ηλ)². Averaging gradients synchronises updates, not weights: whoever begins apart stays "
               "apart, and the average is the gradient at none of them.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="replicas-part",
    claim="On ½λθ² with gradient noise σ, replicas without averaging part by 2η²σ²(1 − q^t)/(1 − q), q = (1 − ηλ)²; "
    "with averaged gradients a difference at the start stays; ranks that see the same rows average no noise away.",
    source="Li et al. (2020), PyTorch Distributed, section 2.2; Bottou, Curtis and Nocedal (2018), section 4.2.",
    textbook=("B82",),
    control="the gradients are averaged",
    run=_run,
    formulas=("rhobar.theory.convergence.noisy_second_moments",),
    findings=("replica-divergence",),
)
