"""Gradient descent on a quadratic converges if and only if η < 2/λ_max: monotone below 1/λ_max, swinging above."""

import torch
from torch import Tensor

from rhobar.experiments.checks import Check, near, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.optim import RULES, descend
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_EIGENVALUES = torch.tensor([0.5, 1.0, 2.0, 5.0], dtype=torch.float64)
_TIMES_LARGEST = (0.5, 0.9, 1.1, 1.5, 1.9, 1.99, 2.01, 2.5, 3.0)
"""ηλ_max."""


def _path(times: float, setting: Setting) -> Tensor:
    """Return the iterates in the eigenvectors' coordinates, (steps + 1, 4)."""
    generator = setting.generator()
    V = torch.linalg.qr(torch.randn(4, 4, generator=generator, dtype=torch.float64)).Q
    H = V @ _EIGENVALUES.diag() @ V.T
    start = V @ torch.ones(4, dtype=torch.float64)
    lr = times / float(_EIGENVALUES.max())
    steps = setting.size(300, 400)
    rule, settings = ("momentum", {"beta": 0.9}) if setting.broken else ("gradient-descent", {})
    path: Tensor = descend(RULES[rule], lambda x: H @ x, start, num_steps=steps, lr=lr, **settings) @ V
    return path


def _factor(path: Tensor) -> float:
    """Return the factor of the error a step, over the second half of the way."""
    half = len(path) // 2
    return float((path[-1].norm() / path[half].norm()) ** (1 / (len(path) - 1 - half)))


def _run(setting: Setting) -> Result:
    paths = {times: _path(times, setting) for times in _TIMES_LARGEST}
    theory = {t: float((1 - t / _EIGENVALUES.max() * _EIGENVALUES).abs().max()) for t in _TIMES_LARGEST}
    found = {t: _factor(path) for t, path in paths.items()}
    checks: list[Check] = [
        near(f"ηλ = {t}: factor of the error a step: max |1 − ηλᵢ|", theory[t], found[t], relative=1e-3)
        for t in _TIMES_LARGEST
    ]
    top = {t: path[:8, 3] for t, path in paths.items()}
    return Result(
        checks=(
            true("converges at ηλ < 2, diverges beyond", all((found[t] < 1) == (t < 2) for t in _TIMES_LARGEST)),
            *checks,
            true(
                "along the steepest direction: no change of sign for ηλ < 1, one at every step above",
                all(bool((top[t][1:] * top[t][:-1] > 0).all()) for t in (0.5, 0.9))
                and all(bool((top[t][1:] * top[t][:-1] < 0).all()) for t in (1.1, 1.5, 1.9)),
            ),
        ),
        figures=(
            Plot(
                "Factor of the error a step",
                "ηλ_max",
                "factor",
                (
                    Curve("max |1 − ηλᵢ|", _TIMES_LARGEST, tuple(theory.values())),
                    Curve("measured", _TIMES_LARGEST, tuple(found.values())),
                ),
            ),
        ),
        notes=("With momentum β the limit is 2(1 + β)/λ_max, as the control shows.",),
    )


EXPERIMENT = Experiment(
    name="descent-is-stable-below-two",
    claim="On a quadratic, gradient descent converges if and only if 0 < η < 2/λ_max; each mode by |1 − ηλ| a step.",
    source="Nesterov (2018), Lectures on convex optimization, section 2.1.5.",
    textbook=("A55", "A57", "B5", "C32"),
    control="momentum 0.9, whose limit is 3.8/λ_max",
    run=_run,
    formulas=("rhobar.optim.descend",),
    findings=("learning-rate-too-high", "learning-rate-too-low"),
)
