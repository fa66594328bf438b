"""Margin bounds of a linear classifier: Rademacher's says something, those made for deep nets hold and say nothing."""

import torch

from rhobar.experiments.checks import at_least, at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import mean_of, share_of
from rhobar.theory.learning import (
    linear_rademacher_limit,
    margin_bound,
    margins,
    perturbation_margin_bound,
    spectral_margin_bound,
)

__all__ = ["EXPERIMENT"]

_DIM, _DELTA, _MARGIN, _APART = 40, 0.05, 0.2, 2.5
_SIZES = (512, 2048, 8192)
_DISTINCT = 16
"""Samples in the control, each of which stands n/16 times."""


def _draw(n: int, setting: Setting, generator: torch.Generator) -> torch.Tensor:
    """Draw yx with ‖x‖ = 1: classes at ±2.5 of the first feature, and labels that are coins in the control."""
    x = torch.randn(n, _DIM, generator=generator, dtype=torch.float64)
    if not setting.broken:
        x[:, 0] += _APART
    x /= x.norm(dim=1, keepdim=True)
    return x


def _run(setting: Setting) -> Result:
    repetitions, checks, bounds, risks, deep = setting.size(40, 400), [], [], [], []
    for stream, n in enumerate(_SIZES):
        generator = setting.generator(stream)
        seen, risk = [], []
        for _ in range(repetitions):
            yx = _draw(_DISTINCT, setting, generator).repeat(n // _DISTINCT, 1) if setting.broken else _draw(
                n, setting, generator)  # fmt: skip
            w = yx.mean(0) / yx.mean(0).norm()
            scores = torch.stack([yx @ w, -yx @ w], 1) / 2  # of two classes, whose difference is y w·x
            small = margins(scores, torch.zeros(n, dtype=torch.long)) < _MARGIN
            empirical = small.double().mean().item()
            seen.append(margin_bound(empirical, linear_rademacher_limit(yx), _MARGIN, n, _DELTA).value)
            risk.append((_draw(4000, setting, generator) @ w < 0).double().mean().item())
        layer = [torch.stack([w, -w]) / 2]
        deep.append((
            spectral_margin_bound(empirical, layer, n**0.5, _MARGIN, n, _DELTA).value,
            perturbation_margin_bound(empirical, layer, 1.0, _MARGIN, n, _DELTA).value,
        ))  # fmt: skip
        bounds.append(mean_of(torch.tensor(seen, dtype=torch.float64)))
        risks.append(mean_of(torch.tensor(risk, dtype=torch.float64)))
        above = torch.tensor(risk) > torch.tensor(seen)
        checks.append(at_most(f"share of training sets with a risk above the bound, n = {n}", _DELTA, share_of(above)))
    return Result(
        checks=(
            *checks,
            at_most("the bound at the largest n: below the ½ of guessing", 0.5, bounds[-1]),
            *(at_least(f"bound by {name} at the largest n: vacuous, above 1", 1.0, value)
              for name, value in zip(("spectral norms", "perturbed weights"), deep[-1], strict=True)),
        ),
        figures=(
            versus("Risk of a linear classifier", "samples n", "error", _SIZES, [b.value for b in bounds], risks,
                   log=True),
        ),
        notes=(
            f"At n = {_SIZES[-1]}: risk {risks[-1].value:.3f}, bound {bounds[-1].value:.3f} by Rademacher complexity, "
            f"{deep[-1][0]:.3g} by spectral norms, {deep[-1][1]:.3g} by perturbed weights.",
            "The penalty 2/(γ√n) has no dimension in it: what counts is ‖w‖/γ.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="margin-bounds",
    claim="For independent samples with ‖x‖ ≤ 1, ‖w‖ ≤ 1 and a margin γ set beforehand, R ≤ R̂_γ + 2/(γ√n) + "
    "3√(ln(2/δ)/2n) with probability 1 − δ, and is informative; the bounds for deep nets are not, on the same w.",
    source="Bartlett and Mendelson (2002), theorem 21; Bartlett, Foster and Telgarsky (2017); Neyshabur et al. (2018).",
    textbook=("B43", "B46"),
    control="16 samples with labels by chance, each of which stands n/16 times",
    run=_run,
    formulas=(
        "rhobar.theory.learning.margin_bound",
        "rhobar.theory.learning.spectral_margin_bound",
        "rhobar.theory.learning.perturbation_margin_bound",
    ),
    findings=("overfitting",),
)
