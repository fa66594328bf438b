"""Ensembles: the variance of the mean of k members with variance σ² and correlation c is σ²(c + (1 − c)/k)."""

import torch

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.generalization.gaussian_regression import least_norm
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.theory.learning import ensemble_variance

__all__ = ["EXPERIMENT"]

_N, _DIM, _WIDTH, _POINTS = 40, 5, 30, 50
_SIZES = (1, 2, 4, 8)


def _answers(setting: Setting) -> torch.Tensor:
    """Return the answers of 2 + 8 nets to fixed points, for many training sets: (sets, members, points).

    Members share the training set and differ in their hidden weights; in the control the last eight do not.
    """
    generator = setting.generator()
    repetitions, members = setting.size(400, 4000), 2 + _SIZES[-1]
    points = torch.randn(_POINTS, _DIM, generator=generator, dtype=torch.float64)
    x = torch.randn(repetitions, 1, _N, _DIM, generator=generator, dtype=torch.float64)
    y = torch.sin(2 * x[..., 0]) + 0.5 * torch.randn(x.shape[:-1], generator=generator, dtype=torch.float64)
    W = torch.randn(repetitions, members, _DIM, _WIDTH, generator=generator, dtype=torch.float64)
    if setting.broken:
        W[:, 2:] = W[:, 2:3]
    fitted = least_norm(torch.relu(x @ W), y.expand(-1, members, -1), ridge=1.0)
    return (torch.relu(points @ W) @ fitted[..., None])[..., 0]


def _run(setting: Setting) -> Result:
    answers = _answers(setting)
    centred = (answers - answers.mean(0)) * (len(answers) / (len(answers) - 1)) ** 0.5
    # From the first two members: their variance, and their covariance cσ², averaged over the points.
    variance = centred[:, :2].square().mean((1, 2))
    covariance = (centred[:, 0] * centred[:, 1]).mean(1)
    correlation = (covariance.mean() / variance.mean()).item()
    predicted, measured, gaps = [], [], []
    for k in _SIZES:
        promised = covariance + (variance - covariance) / k
        seen = centred[:, 2 : 2 + k].mean(1).square().mean(1)
        predicted.append(ensemble_variance(variance.mean().item(), correlation, k))
        measured.append(mean_of(seen))
        gap = mean_of(seen - promised)
        gaps.append(Estimate(measured[-1].value, gap.stderr))  # promised and seen share their training sets
    return Result(
        checks=(
            *(
                equal(f"variance of the mean of {k}: σ²(c + (1 − c)/k)", p, g)
                for k, p, g in zip(_SIZES, predicted, gaps, strict=True)
            ),
            at_most("variance of eight less that of one", 0.0, Estimate(measured[-1].value - measured[0].value, 0.0)),
        ),
        figures=(
            versus("Variance of an ensemble", "members k", "variance over training sets", _SIZES, predicted, measured),
        ),
        notes=(f"Correlation of two members: {correlation:.2f}; the part cσ² stays however many there are.",),
    )


EXPERIMENT = Experiment(
    name="ensemble-variance",
    claim="The mean of k members with equal variance σ² and pairwise correlation c has variance σ²(c + (1 − c)/k).",
    source="Breiman (2001), Random forests, section 2; Hastie, Tibshirani and Friedman (2009), eq. 15.1.",
    textbook=("B37", "B15"),
    control="all members have the same hidden weights: their correlation is 1, not that of two different nets",
    run=_run,
    formulas=("rhobar.theory.learning.ensemble_variance",),
    findings=("overfitting",),
)
