"""Saddles: descent that starts on the ridge stays; with noise the distance from it grows as (1 + η|λ|)^t."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import Check, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.optim import RULES, descend
from rhobar.optim.landscapes import saddle
from rhobar.probes.estimate import share_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_RATE, _NOISE, _NEAR = 0.1, 1e-3, 0.1
_CURVATURE = 1.0
"""|λ| of the saddle ½x² − ½y² + ¼y⁴ along y."""


def _paths(setting: Setting) -> Tensor:
    """Return y of many runs that start on the ridge, (steps + 1, runs)."""
    generator = setting.generator()
    start = torch.tensor([-2.0, 0.0], dtype=torch.float64).repeat(setting.size(1000, 20_000), 1)

    def gradient(theta: Tensor) -> Tensor:
        theta = theta.detach().requires_grad_()
        (g,) = torch.autograd.grad(saddle(theta).sum(), theta)
        noise = torch.randn(theta.shape, generator=generator, dtype=theta.dtype)
        noisy: Tensor = g if setting.broken else g + _NOISE * noise
        return noisy

    return descend(RULES["gradient-descent"], gradient, start, num_steps=200, lr=_RATE)[..., 1]


def _deviation(t: int) -> float:
    """Return the standard deviation of y_t while y is small: y ← (1 + η|λ|) y + η noise, from 0."""
    growth = 1 + _RATE * _CURVATURE
    return _RATE * _NOISE * math.sqrt((growth ** (2 * t) - 1) / (growth**2 - 1))


def _run(setting: Setting) -> Result:
    y = _paths(setting)
    times = (40, 50, 55, 60, 70, 90)
    theory = [math.erfc(_NEAR / _deviation(t) / math.sqrt(2)) for t in times]
    shares = [share_of(y[t].abs() > _NEAR) for t in times]
    # Up to |y| = r the quartic term slows the growth by a factor 1 − r² at most.
    checks: list[Check] = [
        equal(
            f"share beyond {_NEAR} of the ridge at t = {t}: P(|N(0, s_t²)| > {_NEAR})",
            theory[i],
            shares[i],
            bias=_NEAR**2,
        )
        for i, t in enumerate(times)
    ]
    growth = float(y[40].std() / y[20].std())
    end = y[-1]
    places = tuple(map(float, times))
    return Result(
        checks=(
            *checks,
            near("growth of the spread from t = 20 to 40", _deviation(40) / _deviation(20), growth, relative=0.2),
            equal("share of runs that end in the minimum y = 1: ½", 0.5, share_of((end - 1).abs() < 0.1)),
        ),
        figures=(
            Plot(
                "Share of runs that have left the saddle",
                "step t",
                "share",
                (
                    Curve("theory", places, tuple(theory)),
                    Curve("measured", places, tuple(s.value for s in shares), tuple(s.stderr for s in shares)),
                ),
            ),
        ),
        notes=("The time to leave grows as ln(1/noise)/ln(1 + η|λ|): a little noise is enough.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="noise-escapes-saddles",
    claim="From a saddle's ridge noisy descent escapes: its distance is N(0, s_t²), s_t growing as (1 + η|λ|)^t.",
    source="Ge, Huang, Jin and Yuan (2015), Escaping from saddle points; Jin et al. (2017).",
    textbook=("B18", "B61", "B63", "C33"),
    control="no noise: descent stays on the ridge for good",
    run=_run,
    formulas=("rhobar.optim.descend", "rhobar.optim.landscapes.saddle"),
    findings=("symmetric-initialization",),
)
