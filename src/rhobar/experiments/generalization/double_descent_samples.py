"""Double descent over the number of samples: near n = p more data hurt."""

import torch

from rhobar.experiments.checks import at_least, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.generalization.gaussian_regression import draw, least_norm, least_norm_risk
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of

__all__ = ["EXPERIMENT"]

_DIM, _NOISE = 40, 0.5
_SIZES = (5, 10, 20, 30, 40, 52, 70, 100, 160)


def _errors(n: int, setting: Setting) -> torch.Tensor:
    """Return the test error for each of many training sets of n samples."""
    beta = torch.full((_DIM,), _DIM**-0.5, dtype=torch.float64)
    X, y = draw(setting.size(300, 3000), n, beta, _NOISE, setting.generator(n))
    tuned = _DIM * _NOISE**2
    fitted = least_norm(X, y, ridge=tuned if setting.broken else 0.0)
    return (fitted - beta).square().sum(-1) + _NOISE**2


def _run(setting: Setting) -> Result:
    predicted = [least_norm_risk(n, _DIM, 1.0, _NOISE**2) for n in _SIZES]
    errors = [_errors(n, setting) for n in _SIZES]
    measured = [mean_of(e) for e in errors]
    few, peak = _SIZES.index(10), _SIZES.index(_DIM)
    median = errors[peak].median().item()
    measured[peak], predicted[peak] = Estimate(median, 0.0), float("nan")
    others = [i for i in range(len(_SIZES)) if i != peak]
    return Result(
        checks=(
            at_least("median error with 40 samples: above the expected one with 10", predicted[few], median),
            *(equal(f"test error with {_SIZES[i]} samples", predicted[i], measured[i]) for i in others),
        ),
        figures=(
            versus("Double descent over samples", "samples n", "squared error", _SIZES, predicted, measured, log=True),
        ),
        notes=(f"At n = p = {_DIM} the expectation is infinite; the median is drawn.",),
    )


EXPERIMENT = Experiment(
    name="double-descent-samples",
    claim="With p parameters and unregularised least squares, the test error rises with the number of samples n "
    "towards n = p, and falls only beyond.",
    source="Belkin, Hsu and Xu (2020), theorem 1; Nakkiran et al. (2020), Deep double descent, section 7.",
    textbook=("A95",),
    control="the best ridge penalty: more data never hurt",
    run=_run,
    findings=("overfitting",),
    formulas=("rhobar.experiments.generalization.gaussian_regression.least_norm_risk",),
)
