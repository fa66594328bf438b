"""Double descent over the number of features: the error of least squares peaks where features equal samples."""

import torch

from rhobar.experiments.checks import at_least, equal, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.generalization.gaussian_regression import draw, least_norm, least_norm_risk
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of

__all__ = ["EXPERIMENT"]

_N, _FEATURES, _NOISE = 40, 160, 0.3
_WIDTHS = (5, 10, 20, 30, 40, 55, 80, 120, 160)


def _errors(p: int, beta: torch.Tensor, setting: Setting) -> torch.Tensor:
    """Return the test error of the model that is shown p features, for each training set."""
    X, y = draw(setting.size(200, 2000), _N, beta, _NOISE, setting.generator(p))
    fitted = least_norm(X[..., :p], y, ridge=5.0 if setting.broken else 0.0)
    return (fitted - beta[:p]).square().sum(-1) + beta[p:].square().sum() + _NOISE**2


def _run(setting: Setting) -> Result:
    beta = torch.full((_FEATURES,), _FEATURES**-0.5, dtype=torch.float64)
    predicted, measured = [], []
    for p in _WIDTHS:
        shown, hidden = beta[:p].square().sum().item(), beta[p:].square().sum().item() + _NOISE**2
        predicted.append(least_norm_risk(_N, p, shown, hidden))
        measured.append(mean_of(_errors(p, beta, setting)))
    peak = _WIDTHS.index(_N)
    median = _errors(_N, beta, setting).median().item()
    away = [i for i in range(len(_WIDTHS)) if i != peak]
    checks = [equal(f"test error with {_WIDTHS[i]} features", predicted[i], measured[i]) for i in away]
    measured[peak] = Estimate(median, 0.0)
    predicted[peak] = float("nan")
    return Result(
        checks=(
            at_least("median test error at p = n: above every other", max(predicted[i] for i in away), median),
            true("with all features the error is least", min(measured, key=lambda m: m.value) is measured[-1]),
            *checks,
        ),
        figures=(
            versus(
                "Double descent over features", "features p", "squared error", _WIDTHS, predicted, measured, log=True
            ),
        ),
        notes=(
            f"At p = n = {_N} the expectation is infinite; the median is drawn.",
            "Noise and little regularisation make the peak; see ridge-removes-double-descent.",
        ),
    )


EXPERIMENT = Experiment(
    name="double-descent-width",
    claim="The test error of unregularised least squares with noise has its peak where parameters equal samples, "
    "and falls again beyond.",
    source="Belkin, Hsu and Xu (2020), Two models of double descent for weak features, theorem 1.",
    textbook=("A95",),
    control="a ridge penalty: no interpolation, no peak",
    run=_run,
    findings=("overfitting",),
    formulas=("rhobar.experiments.generalization.gaussian_regression.least_norm_risk",),
)
