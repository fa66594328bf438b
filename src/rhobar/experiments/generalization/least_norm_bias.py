"""Gradient descent from zero on least squares finds, among all solutions, that of least norm."""

import torch

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.optim import RULES, descend

__all__ = ["EXPERIMENT"]

_DIMS = (20, 40, 80, 160)
_N = 10


def _run(setting: Setting) -> Result:
    least, found, distances, losses = [], [], [], []
    for dim in _DIMS:
        generator = setting.generator(dim)
        X = torch.randn(_N, dim, generator=generator, dtype=torch.float64)
        y = torch.randn(_N, generator=generator, dtype=torch.float64)
        start = torch.zeros(dim, dtype=torch.float64)
        if setting.broken:
            start = torch.randn(dim, generator=generator, dtype=torch.float64)
        rate = 1.0 / torch.linalg.matrix_norm(X, 2).item() ** 2

        def gradient(w: torch.Tensor, X: torch.Tensor = X, y: torch.Tensor = y) -> torch.Tensor:
            return X.T @ (X @ w - y)

        w = descend(RULES["gradient-descent"], gradient, start, num_steps=setting.size(1500, 20_000), lr=rate)[-1]
        target = torch.linalg.pinv(X) @ y
        least.append(target.norm().item())
        found.append(w.norm().item())
        distances.append(((w - target).norm() / target.norm()).item())
        losses.append((X @ w - y).norm().item() / y.norm().item())
    return Result(
        checks=(
            at_most("largest distance ‖w − X⁺y‖/‖X⁺y‖ to the least-norm solution", 1e-6, max(distances)),
            at_most("largest relative residual: every run interpolates", 1e-6, max(losses)),
            *(
                near(f"norm in {dim} dimensions", a, b, relative=1e-6)
                for dim, a, b in zip(_DIMS, least, found, strict=True)
            ),
        ),
        figures=(versus("Norm of the solution", "parameters", "‖w‖", _DIMS, least, found, log=True),),
        notes=("Proven for linear least squares; deep nets in general have no such theorem.",),
    )


EXPERIMENT = Experiment(
    name="least-norm-bias",
    claim="On under-determined least squares, gradient descent from zero converges to the solution of least norm, X⁺y.",
    source="Zhang, Bengio, Hardt, Recht and Vinyals (2017), Understanding deep learning requires rethinking "
    "generalization, section 5.",
    textbook=("A97",),
    control="a start away from zero: what lies in the null space of X stays",
    run=_run,
    formulas=("rhobar.optim.descend",),
)
