"""Features learned on other tasks beat learning from scratch at small n, if the new task uses them."""

import torch

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.generalization.gaussian_regression import draw, least_norm, least_norm_risk
from rhobar.probes.estimate import mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_DIM, _SHARED, _NOISE = 40, 4, 0.5
_SIZES = (8, 12, 20, 60, 100)


def _pretrained(basis: torch.Tensor, setting: Setting) -> torch.Tensor:
    """Fit 30 source tasks with 2,000 samples each; return the leading directions of their weights."""
    generator = setting.generator(1)
    codes = torch.randn(30, _SHARED, generator=generator, dtype=torch.float64)
    fitted = []
    for code in codes:
        X, y = draw(1, 2000, basis @ code, 0.1, generator)
        fitted.append(least_norm(X[0], y[0], ridge=1e-9))
    leading: torch.Tensor = torch.linalg.svd(torch.stack(fitted)).Vh[:_SHARED].T
    return leading


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    Q = torch.linalg.qr(torch.randn(_DIM, _DIM, generator=generator, dtype=torch.float64)).Q
    basis, others = Q[:, :_SHARED], Q[:, _SHARED : 2 * _SHARED]
    features = _pretrained(basis, setting)
    target = (others if setting.broken else basis).sum(1) / _SHARED**0.5
    repetitions = setting.size(300, 3000)
    transferred, scratch, gains = [], [], []
    for n in _SIZES:
        X, y = draw(repetitions, n, target, _NOISE, setting.generator(n))
        moved = least_norm(X @ features, y) @ features.T
        plain = least_norm(X, y)
        errors = [(w - target).square().sum(1) + _NOISE**2 for w in (moved, plain)]
        transferred.append(mean_of(errors[0]))
        scratch.append(mean_of(errors[1]))
        gains.append(mean_of(errors[0] - errors[1]))
    predicted = [least_norm_risk(n, _SHARED, 1.0, _NOISE**2) for n in _SIZES]
    alone = [least_norm_risk(n, _DIM, 1.0, _NOISE**2) for n in _SIZES]
    places = tuple(map(float, _SIZES))
    return Result(
        checks=(
            *(equal(f"error on transferred features, n = {n}", p, m, bias=0.01 * p)
              for n, p, m in zip(_SIZES, predicted, transferred, strict=True)),
            *(equal(f"error from scratch, n = {n}", p, m) for n, p, m in zip(_SIZES, alone, scratch, strict=True)),
            at_most("transferred less scratch at n = 20, plus 4 errors", 0.0, gains[2].value + 4 * gains[2].stderr),
        ),
        figures=(
            Plot(
                "Error on the new task", "samples n", "squared error",
                (
                    Curve("predicted, transferred", places, tuple(predicted)),
                    Curve("measured, transferred", places, tuple(m.value for m in transferred)),
                    Curve("predicted, scratch", places, tuple(alone)),
                    Curve("measured, scratch", places, tuple(m.value for m in scratch)),
                ),
                log=True,
            ),
        ),
        notes=("The features come from finitely many samples of the source tasks: 1 % is granted.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="transfer-of-features",
    claim="If a new linear task uses k of d directions that other tasks have taught, its error is that of k features "
    "and not of d: at small n transfer wins.",
    source="Maurer, Pontil and Romera-Paredes (2016), The benefit of multitask representation learning, section 3; "
    "Belkin, Hsu and Xu (2020), theorem 1 for the numbers.",
    textbook=("B72",),
    control="a new task that uses other directions: negative transfer",
    run=_run,
    findings=("overfitting",),
    formulas=("rhobar.experiments.generalization.gaussian_regression.least_norm_risk",),
)
