"""The mutual information of a Gaussian pair is −½ ln(1 − ρ²), and no processing adds to it."""

import math

import torch

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate
from rhobar.probes.information import nearest_information

__all__ = ["EXPERIMENT"]

_CORRELATIONS = (0.0, 0.3, 0.6, 0.9)


def _pair(rho: float, n: int, setting: Setting) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a pair of unit variances and correlation ρ; in the control y depends on x² as well."""
    x, e = torch.randn(2, n, 1, generator=setting.generator(round(10 * rho)), dtype=torch.float64)
    y = rho * x + (1 - rho**2) ** 0.5 * e
    if setting.broken:
        y = y * x.square()
    return x, y


def _run(setting: Setting) -> Result:
    n = setting.size(1000, 10_000)
    predicted = [-0.5 * math.log(1 - rho**2) for rho in _CORRELATIONS]
    pairs = [_pair(rho, n, setting) for rho in _CORRELATIONS]
    measured = [nearest_information(x, y) for x, y in pairs]
    back = [nearest_information(y, x) for x, y in pairs]
    x, y = pairs[-1]
    further = y + 0.5 * torch.randn(n, 1, generator=setting.generator(99), dtype=torch.float64)
    processed = nearest_information(x, further)
    loss = Estimate(processed.value - measured[-1].value, math.hypot(processed.stderr, measured[-1].stderr))
    return Result(
        checks=(
            *(
                equal(f"I(X; Y) at ρ = {rho}: −½ ln(1 − ρ²), nats", p, m)
                for rho, p, m in zip(_CORRELATIONS, predicted, measured, strict=True)
            ),
            equal("I(X; Y) − I(Y; X)", 0.0, Estimate(measured[-1].value - back[-1].value, measured[-1].stderr)),
            equal("I(X; Z) for Z = Y + noise", -0.5 * math.log(1 - _CORRELATIONS[-1] ** 2 / 1.25), processed),
            at_most("I(X; Z) − I(X; Y) for X → Y → Z: data processing", 0.0, loss),
        ),
        figures=(
            versus(
                "Mutual information of a Gaussian pair", "correlation ρ", "nats", _CORRELATIONS, predicted, measured
            ),
        ),
        notes=("Estimated from the distances to the third nearest neighbours (Kraskov et al. 2004).",),
    )


EXPERIMENT = Experiment(
    name="gaussian-information",
    claim="A Gaussian pair of correlation ρ has I(X; Y) = −½ ln(1 − ρ²), symmetric, and I(X; Z) ≤ I(X; Y) for a Markov "
    "chain X → Y → Z.",
    source="Cover and Thomas (2006), Elements of information theory, example 8.5.1 and theorem 2.8.1.",
    textbook=("B47",),
    control="a pair that is not Gaussian: y is multiplied by x²",
    run=_run,
    formulas=("rhobar.probes.information.nearest_information",),
)
