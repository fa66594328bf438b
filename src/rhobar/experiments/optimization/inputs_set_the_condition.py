"""Standardised inputs: offsets and scales of the features set the condition number, and with it the steps needed."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import at_least, at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.linalg import LinearOperator, condition_number
from rhobar.optim import RULES, descend
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_DIM, _ROWS = 6, 400
_SHARE = 1e-6


def _hessian(x: Tensor) -> Tensor:
    """Return the Hessian of the mean squared error ½ of a linear model with a bias."""
    z = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)
    return z.T @ z / len(z)


def _population() -> Tensor:
    """Return the same expected over the features as they are: N(3, s²) with s from 1 to 10."""
    mean = torch.full((_DIM,), 3.0, dtype=torch.float64)
    H = torch.logspace(0, 2, _DIM, dtype=torch.float64).diag() + torch.outer(mean, mean)
    return torch.cat([torch.cat([H, mean[:, None]], 1), torch.cat([mean, torch.ones(1, dtype=torch.float64)])[None]])


def _condition(H: Tensor) -> float:
    A = LinearOperator.symmetric(lambda v: H @ v, len(H), H.dtype, H.device)
    generator = torch.Generator().manual_seed(0)
    return condition_number(A, tol=1e-6, max_matvecs=200, generator=generator).value


def _steps(H: Tensor, kappa: float) -> int:
    """Return the steps until the distance is `_SHARE` of that at the start, at the best rate 2/(μ + L)."""
    top = float(torch.linalg.eigvalsh(H)[-1])
    lr = 2 / (top + top / kappa)
    # From a start with a part along the flattest direction only, every step multiplies the distance by the rate.
    start = torch.linalg.eigh(H).eigenvectors[:, 0]
    most = math.ceil(20 * kappa)
    path = descend(RULES["gradient-descent"], lambda v: H @ v, start, num_steps=min(most, 20_000), lr=lr)
    arrived = (path.norm(dim=1) <= _SHARE).nonzero()
    return int(arrived[0]) if len(arrived) else most


def _run(setting: Setting) -> Result:
    white = torch.randn(setting.size(_ROWS, 50_000), _DIM, generator=setting.generator(), dtype=torch.float64)
    raw = white * torch.logspace(0, 1, _DIM, dtype=torch.float64) + 3
    standard = raw if setting.broken else (raw - raw.mean(0)) / raw.std(0, correction=0)
    found = {"as they are": _hessian(raw), "standardised": _hessian(standard)}
    kappas = {name: _condition(H) for name, H in found.items()}
    steps = {name: _steps(H, kappas[name]) for name, H in found.items()}
    needed = {name: math.log(1 / _SHARE) / math.log((k + 1) / (k - 1)) for name, k in kappas.items()}
    # Singular values of N rows are within √N ± (√(d + 1) + 4) but for once in 1500 (Davidson and Szarek).
    spread = math.sqrt(_DIM + 1) + 4
    chance = ((math.sqrt(len(white)) + spread) / (math.sqrt(len(white)) - spread)) ** 2
    expected = _condition(_population())
    places = tuple(math.log10(k) for k in kappas.values())
    return Result(
        checks=(
            at_most("condition with standardised inputs: 1, but for chance", chance, kappas["standardised"]),
            at_least("condition as they are: as expected, but for chance", expected / chance, kappas["as they are"]),
            *(
                near(f"steps to a millionth, inputs {name}: ln 10⁶ / ln((κ + 1)/(κ − 1))", needed[name] + 0.5,
                     float(steps[name]), relative=1e-3 + 0.6 / needed[name])
                for name in found
            ),
        ),
        figures=(
            Plot(
                "Steps of gradient descent at its best rate",
                "log₁₀ κ",
                "log₁₀ steps",
                (
                    Curve("theory", places, tuple(math.log10(n) for n in needed.values())),
                    Curve("measured", places, tuple(math.log10(n) for n in steps.values())),
                ),
                points=True,
            ),
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="inputs-set-the-condition",
    claim="Standardising independent features takes a linear model's κ near 1, for κ ln(1/ε)/2 steps of descent.",
    source="LeCun, Bottou, Orr and Müller (1998), Efficient backprop, section 4.3.",
    textbook=("B27", "B28", "B5"),
    control="the inputs stay as they are",
    run=_run,
    formulas=("rhobar.linalg.condition_number", "rhobar.optim.descend"),
    findings=("unscaled-inputs",),
)
