"""K-fold cross-validation is unbiased for training on n(1 − 1/K) samples, as long as the folds share none."""

import torch

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.generalization.gaussian_regression import draw, least_norm, least_norm_risk
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.select import cross_validate, k_fold
from rhobar.select.splits import Split

__all__ = ["EXPERIMENT"]

_N, _DIM, _NOISE = 40, 8, 0.5
_FOLDS = (2, 4, 8, 40)


def _scores(folds: int, setting: Setting) -> tuple[Estimate, bool]:
    """Return the cross-validated error over many data sets, and whether each row was held out once."""
    beta = torch.ones(_DIM, dtype=torch.float64)
    repetitions = setting.size(60, 1000)
    X, y = draw(repetitions, _N, beta, _NOISE, setting.generator(folds))
    if setting.broken:
        X[:, _N // 2 :], y[:, _N // 2 :] = X[:, : _N // 2].clone(), y[:, : _N // 2].clone()
    values, once = [], True
    for r in range(repetitions):
        splits = k_fold(_N, folds, generator=setting.generator(1000 + r))
        once = once and sorted(torch.cat([s.test for s in splits]).tolist()) == list(range(_N))

        def score(split: Split, X: torch.Tensor = X[r], y: torch.Tensor = y[r]) -> float:
            w = least_norm(X[split.train], y[split.train], ridge=1e-12)
            return (X[split.test] @ w - y[split.test]).square().mean().item()

        values.append(cross_validate(score, splits).value)
    return mean_of(torch.tensor(values)), once


def _run(setting: Setting) -> Result:
    predicted = [least_norm_risk(_N - _N // folds, _DIM, float(_DIM), _NOISE**2) for folds in _FOLDS]
    measured = [_scores(folds, setting) for folds in _FOLDS]
    whole = least_norm_risk(_N, _DIM, float(_DIM), _NOISE**2)
    return Result(
        checks=(
            *(
                equal(f"cross-validated error, K = {folds}: that of {_N - _N // folds} samples", p, m)
                for folds, p, (m, _) in zip(_FOLDS, predicted, measured, strict=True)
            ),
            equal("rows that were held out exactly once in every split, share", 1.0,
                  mean_of(torch.tensor([float(once) for _, once in measured]))),
        ),
        figures=(
            versus("Cross-validated error", "folds K", "squared error", _FOLDS, predicted, [m for m, _ in measured],
                   log=True),
        ),
        notes=(f"Training on all {_N} samples has the error {whole:.4f}: few folds err upwards.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="k-fold",
    claim="For independent samples, K-fold cross-validation has the expectation of the test error after training on "
    "n(1 − 1/K) samples.",
    source="Hastie, Tibshirani and Friedman (2009), The elements of statistical learning, section 7.10.",
    textbook=("B66", "C94"),
    control="each sample stands twice in the data, so that folds share samples: far too optimistic",
    run=_run,
    findings=("train-validation-overlap",),
    formulas=("rhobar.select.k_fold", "rhobar.select.cross_validate"),
)
