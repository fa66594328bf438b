"""Spectral radius and norm: ρ(J) ≤ ‖J‖, far below where J is not normal; and layers that stretch may shrink all."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import at_least, at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.linalg import LinearOperator, largest_singular_value, spectral_radius
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_DEPTH = 30


def _operator(A: Tensor) -> LinearOperator:
    return LinearOperator(lambda v: A @ v, lambda v: A.T @ v, (A.shape[0], A.shape[1]), A.dtype, A.device)


def _layers(setting: Setting) -> list[Tensor]:
    """Return layers that stretch one direction by 2 and shrink the other by 0.1, each turned against the last.

    By 90°, the direction that one stretches is the one that the next shrinks; in the control nothing is turned.
    """
    angle = 0.0 if setting.broken else math.pi / 2
    R = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], dtype=torch.float64)
    return [R @ torch.tensor([2.0, 0.1], dtype=torch.float64).diag()] * _DEPTH


def _norms(layers: list[Tensor]) -> list[float]:
    """Return the norm of the product of the first 1, 2, … layers."""
    J, norms = torch.eye(2, dtype=torch.float64), []
    for layer in layers:
        J = layer @ J
        norms.append(float(torch.linalg.matrix_norm(J, 2)))
    return norms


def _run(setting: Setting) -> Result:
    norms = _norms(_layers(setting))
    generator = setting.generator()
    A = torch.randn(20, 20, generator=generator, dtype=torch.float64)
    nilpotent = A.triu(1)
    symmetric = A + A.T
    sigma = largest_singular_value(_operator(A), tol=1e-8, generator=generator).value
    v = torch.linalg.svd(A).Vh[0]
    depths = tuple(float(k) for k in range(1, _DEPTH + 1))
    theory = tuple(2.0 * 0.2 ** ((k - 1) / 2) if k % 2 else 0.2 ** (k / 2) for k in range(1, _DEPTH + 1))
    return Result(
        checks=(
            near(f"{_DEPTH} layers of norm 2, turned: the product's norm: 0.2^{_DEPTH // 2}", theory[-1], norms[-1],
                 relative=1e-9),
            at_most("nilpotent matrix: spectral radius, of size ε^(1/n) by rounding", 0.5,
                    float(torch.linalg.eigvals(nilpotent).abs().max())),
            at_least("nilpotent matrix: norm", 1.0, float(torch.linalg.matrix_norm(nilpotent, 2))),
            near("symmetric matrix: norm over radius: 1", 1.0,
                 float(torch.linalg.matrix_norm(symmetric, 2) / torch.linalg.eigvals(symmetric).abs().max()),
                 relative=1e-9),
            at_most("random matrix: radius over norm: at most 1", 1.0,
                    spectral_radius(_operator(A), tol=1e-3, generator=generator).value / sigma),
            near("‖Av‖ along the top right singular vector: σ_max", sigma, float((A @ v).norm()), relative=1e-6),
        ),
        figures=(
            Plot(
                "Norm of a product of layers of norm 2",
                "layers",
                "log₁₀ norm",
                (
                    Curve("2^L, if all stretch one direction", depths, tuple(d * math.log10(2) for d in depths)),
                    Curve("theory, turned", depths, tuple(map(math.log10, theory))),
                    Curve("measured", depths, tuple(map(math.log10, norms))),
                ),
            ),
        ),
        notes=("σ_max < 1 in every layer makes a gradient vanish; σ_max > 1 in every layer does not make it explode.",
               "Radius and norm are not interchangeable: only for normal matrices are they equal."),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="radius-is-not-the-norm",
    claim="ρ(A) ≤ σ_max(A), equal if A is normal; layers of σ_max > 1 shrink all if each turns what it stretched.",
    source="Horn and Johnson (2013), Matrix analysis, theorem 5.6.9; Furstenberg and Kesten (1960) for products.",
    textbook=("A58", "A59", "A60", "A61"),
    control="the layers stretch the same direction",
    run=_run,
    formulas=("rhobar.linalg.largest_singular_value", "rhobar.linalg.spectral_radius"),
    findings=("exploding-gradient",),
    exact="two dimensions show what holds in all.",
)
