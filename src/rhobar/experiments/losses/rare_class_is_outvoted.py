"""Trained on unequal shares, a classifier moves its threshold by the log-odds: the rare class is hardly found."""

import math

import torch

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.activations import sigmoid, sigmoid_derivative
from rhobar.probes.estimate import Estimate, mean_of

__all__ = ["EXPERIMENT"]

_APART = 1.5
"""Distance d of the two means N(±d/2, 1)."""
_SHARES = (0.5, 0.8, 0.9, 0.95, 0.99)
"""Of the frequent class."""


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _logistic(x: torch.Tensor, y: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Fit slope and intercept by Newton's method on the weighted cross-entropy."""
    X = torch.stack([x, torch.ones_like(x)], 1)
    w = torch.zeros(2, dtype=torch.float64)
    for _ in range(25):
        p = sigmoid(X @ w)
        gradient = X.mT @ (weight * (p - y))
        hessian = X.mT @ ((weight * sigmoid_derivative(X @ w))[:, None] * X)
        w = w - torch.linalg.solve(hessian, gradient)
    return w


def _fit(share: float, setting: Setting, stream: int) -> tuple[Estimate, Estimate]:
    """Return the recall of the rare class, and its share of the gradient's absolute sum at the start."""
    generator, n = setting.generator(stream), setting.size(40_000, 200_000)
    recalls, pulls = [], []
    for _ in range(setting.size(15, 100)):
        y = (torch.rand(n, generator=generator) >= share).double()  # 1 is the rare class
        x = torch.randn(n, generator=generator, dtype=torch.float64) + (y - 0.5) * _APART
        balanced = torch.where(y == 1, 1 / y.sum(), 1 / (1 - y).sum())
        weight = balanced if setting.broken else torch.full_like(y, 1 / n)
        slope, intercept = _logistic(x, y, weight).tolist()
        recalls.append(_normal_cdf(_APART / 2 + intercept / slope))
        pulls.append((weight * 0.5)[y == 1].sum().item() / (weight * 0.5).sum().item())
    return mean_of(torch.tensor(recalls, dtype=torch.float64)), mean_of(torch.tensor(pulls, dtype=torch.float64))


def _run(setting: Setting) -> Result:
    law = [_normal_cdf(_APART / 2 - math.log(s / (1 - s)) / _APART) for s in _SHARES]
    fits = [_fit(share, setting, stream) for stream, share in enumerate(_SHARES)]
    recalls = [recall for recall, _ in fits]
    return Result(
        checks=(
            *(
                equal(f"share of the rare class that is found, {s:.0%} frequent: Φ(d/2 − ln(π/(1 − π))/d)", p, m,
                      bias=2e-3)
                for s, p, m in zip(_SHARES, law, recalls, strict=True)
            ),
            *(
                equal(f"the rare class's share of the first gradient, {s:.0%} frequent: 1 − π", 1 - s, pull, bias=1e-9)
                for s, (_, pull) in zip(_SHARES, fits, strict=True)
            ),
        ),
        figures=(
            versus("Rare samples found", "share of the frequent class π", "recall of the rare class", _SHARES, law,
                   recalls),
        ),
        notes=(
            f"Answering the frequent class always is right in {_SHARES[-1]:.0%}, and finds no rare sample.",
            f"Weights 1/n_c put the threshold back: {_normal_cdf(_APART / 2):.2f} are found at every share. The "
            "threshold of the unweighted fit is the right one for accuracy, not for finding the rare class.",
            "Finite samples shift a fitted threshold by O(1/n_rare): at most 2·10⁻³ in the recall is granted.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="rare-class-is-outvoted",
    claim="For two normal classes d apart with shares π and 1 − π, logistic regression finds Φ(d/2 − ln(π/(1 − π))/d) "
    "of the rare one, which gives 1 − π of the first gradient.",
    source="King and Zeng (2001), Logistic regression in rare events data, section 4; He and Garcia (2009).",
    textbook=("A42",),
    control="classes weighted by 1/n_c",
    run=_run,
    formulas=(
        "rhobar.nn.activations.sigmoid",
        "rhobar.nn.activations.sigmoid_derivative",
    ),
    findings=("class-imbalance",),
)
