"""Oja's form of Hebb's rule turns to the first principal component, at the rate of the gap of the eigenvalues."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.neurons import hebbian_update, oja_update
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_RATE = 0.02
_VARIANCES = (4.0, 2.0, 1.0, 0.5, 0.25)


def _samples(setting: Setting) -> Tensor:
    """Draw centred rows whose second moments are exactly diagonal; the two largest are equal in the control."""
    n = setting.size(200, 5000)
    drawn = torch.randn(n, len(_VARIANCES), generator=setting.generator(), dtype=torch.float64)
    white = torch.linalg.qr(drawn - drawn.mean(0)).Q * math.sqrt(n)
    variances = torch.tensor(_VARIANCES, dtype=torch.float64)
    if setting.broken:
        variances[1] = variances[0]
    scaled: Tensor = white * variances.sqrt()
    return scaled


def _run(setting: Setting) -> Result:
    X = _samples(setting)
    steps = 500
    w = torch.randn(X.shape[1], generator=setting.generator(1), dtype=torch.float64)
    w = w / w.norm()
    h, tangents, growth = w.clone(), [], []
    for _ in range(steps):
        w = w + oja_update(w, X, _RATE)
        grown = h + hebbian_update((X @ h)[:, None], X, _RATE)[0]
        growth.append(float(grown.norm() / h.norm()))
        h = grown / grown.norm()
        tangents.append(float(w[1:].norm() / w[0].abs()))
    gap = _VARIANCES[0] - _VARIANCES[1]
    at = range(0, steps, 10)
    theory = tuple(tangents[200] * (1 - _RATE * gap) ** (t - 200) for t in at)
    return Result(
        checks=(
            near("|cosine| to the first principal component: 1", 1.0, float(w[0].abs() / w.norm()), relative=1e-6),
            near("length of the weights: 1", 1.0, float(w.norm()), relative=1e-6),
            near(
                "factor of tan(angle) a step: 1 − η(λ₁ − λ₂)",
                1 - _RATE * gap,
                (tangents[400] / tangents[200]) ** (1 / 200),
                relative=1e-3,
            ),
            near("Hebb's rule grows by 1 + ηλ₁ a step", 1 + _RATE * _VARIANCES[0], growth[-1], relative=1e-6),
        ),
        figures=(
            Plot(
                "Angle to the first principal component",
                "step",
                "ln tan(angle)",
                (
                    Curve("slope ln(1 − η(λ₁ − λ₂))", tuple(map(float, at)), tuple(math.log(t) for t in theory)),
                    Curve("Oja's rule", tuple(map(float, at)), tuple(math.log(tangents[t]) for t in at)),
                ),
            ),
        ),
        notes=("Hebb's rule as first stated, Δw = η y x, finds the same direction but its length has no bound.",),
    )


EXPERIMENT = Experiment(
    name="oja-principal-component",
    claim="If λ₁ > λ₂, Oja's rule converges to the first unit eigenvector, its angle by 1 − η(λ₁ − λ₂) a step.",
    source="Oja (1982), Simplified neuron model as a principal component analyzer, theorem 1.",
    textbook=("C2",),
    control="the two largest moments are equal: no first principal component is distinguished",
    run=_run,
    formulas=("rhobar.nn.neurons.oja_update", "rhobar.nn.neurons.hebbian_update"),
)
