"""Uniform convergence: the worst gap between error and training error over a finite class falls like 1/√n."""

import math

import torch

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.theory.learning import expected_uniform_gap

__all__ = ["EXPERIMENT"]

_FUNCTIONS = 64
_SIZES = (64, 128, 256, 512, 1024)


def _gaps(n: int, setting: Setting) -> torch.Tensor:
    """Return max_h |R − R̂| for independent functions that err with probability ½."""
    shape = (setting.size(1000, 10_000), _FUNCTIONS)
    independent = _SIZES[0] if setting.broken else n
    trials = torch.full(shape, float(independent), dtype=torch.float64)
    errors = torch.binomial(trials, torch.full(shape, 0.5, dtype=torch.float64), setting.generator(n))
    return (errors / independent - 0.5).abs().amax(1)


def _run(setting: Setting) -> Result:
    measured = [mean_of(_gaps(n, setting)) for n in _SIZES]
    log_n = torch.tensor(_SIZES).double().log()
    x = log_n - log_n.mean()
    y = torch.tensor([m.value for m in measured]).double().log()
    relative = torch.tensor([m.stderr / m.value for m in measured]).double()
    slope = float((x * y).sum() / x.square().sum())
    stderr = float((x * relative).square().sum().sqrt() / x.square().sum())
    bounds = [expected_uniform_gap(math.log(_FUNCTIONS), n) for n in _SIZES]
    predicted = [measured[0].value * (n / _SIZES[0]) ** -0.5 for n in _SIZES]
    return Result(
        checks=(
            equal("power of n in E sup|R − R̂|", -0.5, Estimate(slope, stderr), bias=1 / _SIZES[0]),
            *(
                at_most(f"E sup|R − R̂|, n = {n}: at most √(ln(2|H|)/(2n))", bound, m)
                for n, bound, m in zip(_SIZES, bounds, measured, strict=True)
            ),
        ),
        figures=(versus("Worst gap over 64 functions", "samples n", "|R − R̂|", _SIZES, predicted, measured, log=True),),
        notes=(
            "A binomial is a normal law up to 1/n, which the test grants; the prediction starts at the first point.",
        ),
    )


EXPERIMENT = Experiment(
    name="uniform-convergence",
    claim="Over a finite class and independent samples, E sup|R − R̂| falls like 1/√n.",
    source="Shalev-Shwartz and Ben-David (2014), Understanding machine learning, section 4.2.",
    textbook=("B45",),
    control="copies of the same 64 samples: more rows, no more information",
    run=_run,
    formulas=("rhobar.theory.learning.expected_uniform_gap",),
    findings=("train-validation-overlap",),
)
