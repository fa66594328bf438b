"""AIC keeps adding a useless parameter in 16 % of data sets, however many samples; BIC ever more rarely."""

import math

import torch

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, share_of
from rhobar.select import aic, bic

__all__ = ["EXPERIMENT"]

_SIZES = (10, 100, 1000, 10_000)


def _extra(n: int, setting: Setting) -> tuple[Estimate, Estimate]:
    """Return the shares of data sets in which AIC and BIC prefer a mean to be fitted where it is 0 (noise known)."""
    repetitions = setting.size(2000, 20_000)
    truth = 0.3 if setting.broken else 0.0
    # Of n normal samples only their mean matters: ln L = −(n/2)(x̄ − μ)² + const.
    mean = truth + torch.randn(repetitions, generator=setting.generator(n), dtype=torch.float64) / n**0.5
    fits = (-n / 2 * mean.square()).tolist()
    by_aic = torch.tensor([aic(0.0, 1) < aic(fit, 0) for fit in fits])
    by_bic = torch.tensor([bic(0.0, 1, n) < bic(fit, 0, n) for fit in fits])
    return share_of(by_aic), share_of(by_bic)


def _beyond(threshold: float) -> float:
    """Return P(χ²₁ > threshold)."""
    return math.erfc(math.sqrt(threshold / 2))


def _run(setting: Setting) -> Result:
    shares = [_extra(n, setting) for n in _SIZES]
    by_aic, by_bic = [a for a, _ in shares], [b for _, b in shares]
    expected_aic, expected_bic = [_beyond(2.0)] * len(_SIZES), [_beyond(math.log(n)) for n in _SIZES]
    return Result(
        checks=(
            *(equal(f"AIC, n = {n}: P(χ²₁ > 2)", p, m) for n, p, m in zip(_SIZES, expected_aic, by_aic, strict=True)),
            *(
                equal(f"BIC, n = {n}: P(χ²₁ > ln n)", p, m)
                for n, p, m in zip(_SIZES, expected_bic, by_bic, strict=True)
            ),
        ),
        figures=(
            versus(
                "AIC adds a useless parameter",
                "samples n",
                "share of data sets",
                _SIZES,
                expected_aic,
                by_aic,
                log=True,
            ),
            versus(
                "BIC adds a useless parameter",
                "samples n",
                "share of data sets",
                _SIZES,
                expected_bic,
                by_bic,
                log=True,
            ),
        ),
        notes=("For regular models only: a deep net has no such count of parameters.",),
    )


EXPERIMENT = Experiment(
    name="aic-against-bic",
    claim="If the smaller of two nested regular models is true, AIC adds the useless parameter with probability "
    "P(χ²₁ > 2) = 0.157 for every n, BIC with P(χ²₁ > ln n), which falls to 0.",
    source="Schwarz (1978), Estimating the dimension of a model; Burnham and Anderson (2002), section 6.4.",
    textbook=("B68",),
    control="the larger model is the true one",
    run=_run,
    formulas=("rhobar.select.aic", "rhobar.select.bic"),
)
