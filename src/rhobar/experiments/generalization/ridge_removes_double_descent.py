"""The best ridge penalty, λ = σ²/E[β_j²], takes the peak of double descent away: more samples never hurt."""

from itertools import pairwise

import torch

from rhobar.experiments.checks import at_most, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.generalization.gaussian_regression import draw, least_norm, least_norm_risk
from rhobar.probes.estimate import mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_DIM, _NOISE = 40, 0.5
_SIZES = (5, 10, 20, 30, 36, 40, 44, 52, 70, 100)
_FACTORS = (0.1, 10.0)
"""Penalties that are not the best, as multiples of it: they must not do better."""


def _errors(n: int, ridge: float, setting: Setting) -> torch.Tensor:
    """Return the error beyond the noise for training sets of n samples, each with a β of its own."""
    repetitions = setting.size(200, 2000)
    generator = setting.generator(n)
    beta = torch.randn(repetitions, _DIM, generator=generator, dtype=torch.float64) / _DIM**0.5
    X, noise = draw(repetitions, n, torch.zeros(_DIM, dtype=torch.float64), _NOISE, generator)
    fitted = least_norm(X, (X @ beta[..., None])[..., 0] + noise, ridge=ridge)
    errors: torch.Tensor = (fitted - beta).square().sum(-1)
    return errors


def _run(setting: Setting) -> Result:
    best = _DIM * _NOISE**2
    used = 0.0 if setting.broken else best
    errors = [_errors(n, used, setting) for n in _SIZES]
    measured = [mean_of(e) for e in errors]
    rises = [mean_of(after - before) for before, after in pairwise(errors)]
    rise = max(rises, key=lambda e: e.value)
    off = [mean_of(_errors(_DIM, used, setting) - _errors(_DIM, f * best, setting)) for f in _FACTORS]
    plain = [least_norm_risk(n, _DIM, 1.0, _NOISE**2) - _NOISE**2 for n in _SIZES]
    finite = tuple(p if p < 100 else float("nan") for p in plain)
    return Result(
        checks=(
            at_most("largest rise of the error from one number of samples to the next", 0.0, rise),
            *(
                at_most(f"error at n = p less that of {f:g} times the penalty", 0.0, gap)
                for f, gap in zip(_FACTORS, off, strict=True)
            ),
            true("no more than the error of answering zero", all(m.value - 4 * m.stderr <= 1.0 for m in measured)),
        ),
        figures=(
            Plot(
                "Error beyond the noise",
                "samples n",
                "squared error",
                (
                    Curve("predicted without penalty", tuple(map(float, _SIZES)), finite),
                    Curve(
                        "measured, best penalty",
                        tuple(map(float, _SIZES)),
                        tuple(m.value for m in measured),
                        tuple(m.stderr for m in measured),
                    ),
                ),
                log=True,
            ),
        ),
    )


EXPERIMENT = Experiment(
    name="ridge-removes-double-descent",
    claim="For isotropic Gaussian features, ridge regression with the penalty σ²/E[β_j²] has a test error that never "
    "rises with the number of samples.",
    source="Nakkiran, Venkat, Kakade and Ma (2021), Optimal regularization can mitigate double descent, theorem 1.",
    textbook=("A95", "B35"),
    control="no penalty: the error peaks where samples equal parameters",
    run=_run,
    findings=("overfitting",),
    formulas=("rhobar.experiments.generalization.gaussian_regression.least_norm_risk",),
)
