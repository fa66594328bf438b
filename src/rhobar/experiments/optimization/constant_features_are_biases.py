"""A feature that is a for all rows is a second bias: it says nothing, and sharpens the loss by 1 + a²."""

import torch
from torch import nn

from rhobar.experiments.checks import near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.linalg import eigenpairs
from rhobar.probes.curvature import hessian

__all__ = ["EXPERIMENT"]

_VALUES = (0.0, 1.0, 3.0, 10.0, 30.0)
_DIM = 4


def _whitened(n: int, dim: int, generator: torch.Generator) -> torch.Tensor:
    """Draw features of exactly mean 0 and covariance I."""
    x = torch.randn(n, dim, generator=generator, dtype=torch.float64)
    white: torch.Tensor = torch.linalg.qr(x - x.mean(0)).Q * n**0.5
    return white


def _residual(x: torch.Tensor, y: torch.Tensor) -> float:
    """Return the least squared error of an affine function of x."""
    X = torch.cat([x, torch.ones(len(x), 1, dtype=torch.float64)], 1)
    solution: torch.Tensor = torch.linalg.lstsq(X, y, driver="gelsd").solution
    return (X @ solution - y).square().mean().item()


def _run(setting: Setting) -> Result:
    generator, n = setting.generator(), setting.size(200, 2000)
    drawn = _whitened(n, _DIM + 1, generator)
    x, extra = drawn[:, :_DIM], drawn[:, _DIM:]
    y = x.sum(1, keepdim=True) + extra + torch.randn(n, 1, generator=generator, dtype=torch.float64)
    sharpness, errors = [], []
    for value in _VALUES:
        feature = value * (extra if setting.broken else torch.ones_like(extra))
        rows = torch.cat([x, feature], 1)
        curvature = hessian(nn.Linear(_DIM + 1, 1).double(), nn.functional.mse_loss, [(rows, y)])
        found = eigenpairs(curvature, which="largest", tol=1e-8, generator=setting.generator(1))
        sharpness.append(found.values[0].item())
        errors.append(_residual(rows, y))
    law = [2 * (1 + value**2) for value in _VALUES]
    alone = extra.expand(n, _DIM) if setting.broken else torch.full((n, _DIM), 2.0, dtype=torch.float64)
    return Result(
        checks=(
            *(
                near(f"sharpness of the squared error, a constant feature of {v:g}: 2(1 + a²)", p, m, relative=1e-6)
                for v, p, m in zip(_VALUES, law, sharpness, strict=True)
            ),
            near("least error with the constant feature of 30: that without it", errors[0], errors[-1], relative=1e-9),
            near("least error where all features are constant: Var(y)", y.var(correction=0).item(),
                 _residual(alone, y), relative=1e-9),
        ),
        figures=(
            versus("Sharpness with a constant feature", "its value a", "λ_max", _VALUES, law, sharpness),
        ),
        notes=("The other features have covariance I and λ = 2: κ grows to 1 + a², and the largest stable rate falls "
               "to 1/(1 + a²) of what it was.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="constant-features-are-biases",
    claim="Beside standardised features, one that is a for all rows raises the sharpness of least squares from 2 to "
    "2(1 + a²) and leaves its error as it was; if all are constant, the error is Var(y).",
    source="LeCun, Bottou, Orr and Müller (1998), Efficient backprop, section 4.3; Kuhn, Johnson (2013).",
    textbook=("A5", "B5"),
    control="the feature varies, and the target depends on it",
    run=_run,
    formulas=("rhobar.probes.curvature.hessian", "rhobar.linalg.eigenpairs"),
    findings=("constant-features", "unscaled-inputs"),
)
