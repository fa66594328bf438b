"""Noise on the inputs of a linear model is, on average, a ridge penalty of n times its variance."""

import torch

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import mean_of
from rhobar.theory.kernels import kernel_ridge

__all__ = ["EXPERIMENT"]

_N, _DIM, _COPIES = 30, 5, 400
_LEVELS = (0.1, 0.3, 1.0)
_BIAS = 5.0 / _COPIES
"""O(1/copies), of least squares on finitely many copies, in units of the weights, which are at most 5."""


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    X = torch.randn(_N, _DIM, generator=generator, dtype=torch.float64)
    y = X @ torch.arange(1.0, _DIM + 1, dtype=torch.float64) + torch.randn(_N, generator=generator, dtype=torch.float64)
    repetitions = setting.size(20, 200)
    checks, predicted, measured = [], [], []
    for level in _LEVELS:
        target = X.T @ kernel_ridge(X @ X.T, y, _N * level**2).coefficients
        shape = (repetitions, _COPIES, _N, _DIM)
        noise = torch.randn(shape, generator=generator, dtype=torch.float64)
        if setting.broken:
            noise = noise[..., :1].expand(shape)
        noisy = (X + level * noise).flatten(1, 2)
        moment = noisy.mT @ y.repeat(_COPIES)
        w = torch.linalg.solve(noisy.mT @ noisy, moment[..., None])[..., 0]
        along = w @ target / target.norm()
        predicted.append(target.norm().item())
        measured.append(mean_of(along))
        apart = (w - target) @ torch.linalg.eigh(X.T @ X).eigenvectors
        checks.append(equal(f"length along the ridge solution, σ = {level}", predicted[-1], measured[-1], bias=_BIAS))
        checks += [
            equal(f"distance along eigenvector {i}, σ = {level}", 0.0, mean_of(apart[:, i]), bias=_BIAS)
            for i in (0, _DIM - 1)
        ]
    return Result(
        checks=tuple(checks),
        figures=(versus("Weights under input noise", "noise σ", "‖w‖", _LEVELS, predicted, measured, log=True),),
    )


EXPERIMENT = Experiment(
    name="input-noise-is-ridge",
    claim="Least squares on many copies of the data with independent input noise σ² tends to ridge with λ = nσ².",
    source="Bishop (1995), Training with noise is equivalent to Tikhonov regularization, section 3.",
    textbook=("A91", "A92"),
    control="noise that is the same in all features of a sample",
    run=_run,
    formulas=("rhobar.theory.kernels.kernel_ridge",),
    findings=("overfitting",),
)
