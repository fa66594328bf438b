"""Orthogonal weights keep every direction at any depth; Gaussian ones only the mean, and tear directions apart."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import Check, at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.initializers import lecun_, orthogonal_
from rhobar.probes.estimate import mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_WIDTH = 16


def _spectrum(depth: int, generator: torch.Generator, *, orthogonal: bool) -> Tensor:
    """Return the ln of the singular values of a product of `depth` matrices, by repeated QR: no underflow."""
    fill = orthogonal_ if orthogonal else lecun_
    Q = torch.eye(_WIDTH, dtype=torch.float64)
    stretched = torch.zeros(_WIDTH, dtype=torch.float64)
    for _ in range(depth):
        W = fill(torch.empty(_WIDTH, _WIDTH, dtype=torch.float64), generator=generator)
        Q, R = torch.linalg.qr(W @ Q)
        stretched = stretched + R.diag().abs().log()
    return stretched


def _exponents() -> Tensor:
    """Return Newman's Lyapunov exponents of Gaussian matrices: ½ [ln(2/n) + ψ((n − i + 1)/2)], i = 1 … n."""
    i = torch.arange(1, _WIDTH + 1, dtype=torch.float64)
    exponents: Tensor = 0.5 * (math.log(2 / _WIDTH) + torch.special.digamma((_WIDTH - i + 1) / 2))
    return exponents


def _gaussian(depth: int, setting: Setting) -> tuple[tuple[Check, ...], Tensor]:
    logs = torch.stack([_spectrum(depth, setting.generator(k), orthogonal=False) for k in range(setting.size(20, 200))])
    theory = depth * _exponents()
    return (
        equal("Gaussian: mean ln of the most stretched direction: λ₁L", float(theory[0]), mean_of(logs[:, 0])),
        equal("Gaussian: ln of the volume's growth: L Σ λᵢ", float(theory.sum()), mean_of(logs.sum(1))),
        equal(
            "Gaussian: ln of the condition: L(λ₁ − λₙ)",
            float(theory[0] - theory[-1]),
            mean_of(logs[:, 0] - logs[:, -1]),
        ),
    ), logs.mean(0)


def _run(setting: Setting) -> Result:
    depth = setting.size(100, 1000)
    kept = _spectrum(depth, setting.generator(99), orthogonal=not setting.broken)
    checks, gaussian = _gaussian(depth, setting)
    places = tuple(map(float, range(1, _WIDTH + 1)))
    return Result(
        checks=(
            at_most("orthogonal: largest |ln singular value|: rounding", 1e-10, float(kept.abs().max())),
            *checks,
        ),
        figures=(
            Plot(
                f"Singular values of {depth} linear layers",
                "number of the singular value",
                "ln singular value",
                (
                    Curve("orthogonal, theory", places, (0.0,) * _WIDTH),
                    Curve("orthogonal", places, tuple(kept.tolist())),
                    Curve("Gaussian, theory", places, tuple((depth * _exponents()).tolist())),
                    Curve("Gaussian", places, tuple(gaussian.tolist())),
                ),
            ),
        ),
        notes=("Both keep the mean square of the signal in one layer; only the orthogonal ones keep every direction.",
               "The stretch by QR is the singular value to leading order in depth."),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="dynamical-isometry",
    claim="A linear net of orthogonal matrices has all singular values 1 at any depth; Gaussian ones part as e^(λᵢL).",
    source="Saxe, McClelland and Ganguli (2014), section 3; Newman (1986), The distribution of Lyapunov exponents.",
    textbook=("A67", "A61", "A58"),
    control="Gaussian matrices of the same variance, in place of orthogonal ones",
    run=_run,
    formulas=("rhobar.nn.initializers.orthogonal_", "rhobar.nn.initializers.lecun_"),
    findings=("badly-scaled-initialization", "vanishing-gradient"),
)
