"""Stable formulas in float32: log-sum-exp with the maximum taken out, the variance with the mean taken out."""

import math

import torch

from rhobar.experiments.checks import at_least, at_most, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_UNIT = 2.0**-24
"""Unit roundoff of float32."""
_OFFSETS = (1.0, 10.0, 100.0, 1000.0, 10_000.0)
_N = 2000


def _log_sum_exp(z: torch.Tensor, setting: Setting) -> torch.Tensor:
    """Return ln Σ e^z = max + ln Σ e^(z − max); without the maximum taken out in the control."""
    shift = torch.zeros(()) if setting.broken else z.max()
    return shift + (z - shift).exp().sum().log()


def _naive(x: torch.Tensor) -> float:
    """Return E x² − (E x)², summed one by one."""
    total, squares = torch.zeros(()), torch.zeros(())
    for value in x:
        total, squares = total + value, squares + value * value
    return (squares / len(x) - (total / len(x)).square()).item()


def _welford(x: torch.Tensor) -> float:
    """Welford's update: the mean moves by (x − m)/k, the sum of squares grows by (x − m)(x − m')."""
    mean, squares = torch.zeros(()), torch.zeros(())
    for k, value in enumerate(x, 1):
        before = value - mean
        mean = mean + before / k
        squares = squares + before * (value - mean)
    return (squares / len(x)).item()


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    z = 3 * torch.randn(20, generator=generator)
    shifts = (0.0, 100.0, -1000.0, 10_000.0)
    worst = 0.0
    for shift in shifts:
        exact = torch.logsumexp((z + shift).double(), 0).item()
        error = abs(_log_sum_exp(z + shift, setting).item() - exact) / max(1.0, abs(exact))
        worst = math.inf if math.isnan(error) else max(worst, error)
    naive, welford, bounds = [], [], []
    for offset in _OFFSETS:
        x = offset + torch.randn(_N, generator=generator)
        exact = x.double().var(correction=0).item()
        condition = math.sqrt(1 + offset**2 / exact)
        naive.append(abs(_naive(x) / exact - 1))
        welford.append(abs((_naive(x) if setting.broken else _welford(x)) / exact - 1))
        bounds.append(_N * _UNIT * condition)
    probabilities = torch.softmax(torch.tensor([1e4, -1e4, 0.0]), 0)
    return Result(
        checks=(
            at_most(f"log-sum-exp shifted by up to 10⁴: largest relative error, in roundoffs of {len(z)} terms", 1.0,
                    worst / (_UNIT * 2 * len(z))),
            at_most("Welford's variance: largest error over its bound n u κ", 1.0,
                    max(a / b for a, b in zip(welford, bounds, strict=True))),
            at_least("E x² − (E x)² at a mean of 10⁴: its error over that bound", 1.0, naive[-1] / bounds[-1]),
            true("softmax of ±10⁴ is finite", bool(probabilities.isfinite().all())),
        ),
        figures=(
            Plot(
                "Variance in float32", "mean over standard deviation", "log₁₀ of the relative error",
                tuple(
                    Curve(name, _OFFSETS, tuple(math.log10(max(v, 1e-9)) for v in values))
                    for name, values in (
                        ("measured, E x² − (E x)²", naive), ("measured, Welford", welford), ("predicted bound", bounds)
                    )
                ),
                log=True,
            ),
        ),
        notes=("κ = √(1 + mean²/variance); the textbook formula loses like κ², Welford's like κ.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="stable-formulas",
    claim="In float32, log-sum-exp with the maximum taken out is right to a few roundoffs at any shift, and Welford's "
    "variance within n u κ, where E x² − (E x)² is not.",
    source="Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance, table 2; Blanchard et al. "
    "(2021), Accurately computing the log-sum-exp and softmax functions.",
    textbook=("B81",),
    control="the maximum and the mean are not taken out",
    run=_run,
    findings=("nonfinite-values", "unstable-formula"),
)
