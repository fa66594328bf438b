"""Architecture search by its score: the score-function gradient is unbiased, and a baseline makes it less noisy."""

import torch

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.select.architecture import draw_architectures, expected_score, score_gradient

__all__ = ["EXPERIMENT"]

_EDGES, _CHOICES, _SAMPLES = 2, 3, 10


_TABLE = ((0.50, 0.62, 0.55), (0.60, 0.90, 0.58), (0.52, 0.66, 0.57))
"""Validation accuracy in a toy space, by the choices of two edges."""


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    alpha = torch.randn(_EDGES, _CHOICES, generator=generator, dtype=torch.float64).requires_grad_()
    (exact,) = torch.autograd.grad(expected_score(alpha, lambda a: _TABLE[a[0]][a[1]]), alpha)
    policy = torch.zeros_like(alpha) if setting.broken else alpha.detach()
    with_baseline, without = [], []
    for _ in range(setting.size(600, 10_000)):
        samples = draw_architectures(policy, _SAMPLES, generator=generator)
        scores = torch.tensor([_TABLE[i][j] for i, j in samples.tolist()], dtype=torch.float64)
        with_baseline.append(score_gradient(alpha.detach(), samples, scores))
        without.append(score_gradient(alpha.detach(), samples, scores, baseline=0.0))
    estimates, plain = torch.stack(with_baseline), torch.stack(without)
    measured = [mean_of(estimates[:, e, c]) for e in range(_EDGES) for c in range(_CHOICES)]
    predicted = exact.flatten().tolist()
    ratio = (estimates.var(0).sum() / plain.var(0).sum()).item()
    places = range(len(predicted))
    return Result(
        checks=(
            *(
                equal(f"component {i} of the gradient of the expected score", p, m)
                for i, p, m in zip(places, predicted, measured, strict=True)
            ),
            at_most("variance with a baseline over that without", 1.0, Estimate(ratio, 0.0)),
        ),
        figures=(versus("Score-function gradient", "component", "∂J/∂α", places, predicted, measured),),
        notes=(f"The baseline, the mean score of the other samples, leaves {ratio:.2f} of the variance.",),
    )


EXPERIMENT = Experiment(
    name="score-gradient-is-unbiased",
    claim="For architectures drawn from π(α), the mean of (R(A) − b) ∇ ln π(A|α) is the gradient of the expected "
    "score, with any baseline b that does not depend on A.",
    source="Williams (1992), Simple statistical gradient-following algorithms, theorem 1; Zoph and Le (2017).",
    textbook=("B70", "C96", "C-§11.1.2"),
    control="architectures drawn from another distribution than the one that is improved",
    run=_run,
    formulas=("rhobar.select.architecture.score_gradient", "rhobar.select.architecture.expected_score"),
)
