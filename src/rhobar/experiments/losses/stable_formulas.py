"""Finite precision: a formula that subtracts large numbers loses what they share; its stable form does not."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from rhobar.experiments.checks import at_least, at_most, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.activations import softmax
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_EPS = float(torch.finfo(torch.float32).eps)
_OFFSETS = (0.0, 10.0, 100.0, 1000.0, 10_000.0)
"""Means of samples of variance 1."""
_SAMPLES = 200


def _naive_variance(x: Tensor) -> float:
    """Return E[x²] − E[x]² in single precision."""
    return float(x.square().mean() - x.mean().square())


def _welford_variance(x: Tensor) -> float:
    """Return the variance by one pass of Welford's updates, in single precision."""
    mean, total = torch.zeros(()), torch.zeros(())
    for n, value in enumerate(x, 1):
        delta = value - mean
        mean = mean + delta / n
        total = total + delta * (value - mean)
    return float(total / len(x))


def _errors(setting: Setting) -> tuple[list[float], list[float]]:
    """Return the relative errors of both variances against double precision, for every mean."""
    naive, welford = [], []
    one_pass = _naive_variance if setting.broken else _welford_variance
    for offset in _OFFSETS:
        x = torch.randn(setting.size(8, 100), _SAMPLES, generator=setting.generator()) + offset
        exact = x.double().var(1, correction=0).tolist()
        rows = list(zip(x, exact, strict=True))
        naive.append(max(abs(_naive_variance(row) / e - 1) for row, e in rows) + 1e-12)
        welford.append(max(abs(one_pass(row) / e - 1) for row, e in rows) + 1e-12)
    return naive, welford


def _run(setting: Setting) -> Result:
    naive, welford = _errors(setting)
    bounds = [_SAMPLES * _EPS * math.sqrt(1 + mu**2) for mu in _OFFSETS]
    big = torch.tensor([1e4, -1e4, 0.0])
    hand = torch.exp(big) / torch.exp(big).sum()
    logits = torch.tensor([[200.0, 0.0]])
    by_hand = -torch.log(torch.softmax(logits, -1))[0, 1]
    return Result(
        checks=(
            at_most(
                "Welford's relative error over its bound nε√(1 + μ²/σ²), largest: at most 1",
                1.0,
                max(w / b for w, b in zip(welford, bounds, strict=True)),
            ),
            at_least("relative error of E[x²] − E[x]² at μ = 10⁴: nothing is right", 0.5, naive[-1]),
            true("softmax of ±10⁴ by its printed formula is NaN, by the shifted one finite",
                 bool(hand.isnan().any()) and bool(softmax(big).isfinite().all())),
            true("−ln softmax at −200: infinite by hand, 200 by log-softmax",
                 math.isinf(float(by_hand)) and abs(float(F.cross_entropy(logits, torch.tensor([1]))) - 200) < 1e-3),
        ),
        figures=(
            Plot(
                "Relative error of a variance in single precision",
                "log₁₀ (1 + mean)",
                "log₁₀ relative error",
                tuple(
                    Curve(name, tuple(math.log10(1 + mu) for mu in _OFFSETS), tuple(map(math.log10, values)))
                    for name, values in (("bound nε√(1 + μ²)", bounds), ("Welford", welford), ("E[x²] − E[x]²", naive),
                                         ("ε μ²", [_EPS * max(mu**2, 1.0) for mu in _OFFSETS]))
                ),
            ),
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="stable-formulas",
    claim="Welford's variance errs by at most nε√(1 + μ²/σ²), E[x²] − E[x]² by about ε μ²/σ²: all of it at μ = 10⁴ σ.",
    source="Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance, table 1.",
    textbook=("B81", "B10", "A65"),
    control="the one-pass formula E[x²] − E[x]² in the place of Welford's",
    run=_run,
    formulas=("rhobar.nn.activations.softmax",),
    findings=("unstable-formula", "nonfinite-values"),
)
