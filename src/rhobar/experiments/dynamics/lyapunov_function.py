"""A linear map h → Ah is stable just if AᵀPA − P = −I has a positive definite P; then V = hᵀPh falls along orbits."""

import torch

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT", "certificate"]

_DIM = 4
_RADII = (0.3, 0.6, 0.9, 0.98, 1.02, 1.2, 1.6)


def _matrices(radius: float, stream: int, setting: Setting) -> list[torch.Tensor]:
    """Return a random matrix of a spectral radius; in the control two, which take turns."""
    generator = setting.generator(stream)
    drawn = torch.randn(2 if setting.broken else 1, _DIM, _DIM, generator=generator, dtype=torch.float64)
    if setting.broken:  # shears in opposite directions: each stable, their product is not
        drawn[0] = drawn[0].triu() + 5 * torch.ones_like(drawn[0]).triu(1)
        drawn[1] = drawn[1].tril() + 5 * torch.ones_like(drawn[1]).tril(-1)
    return [radius * A / torch.linalg.eigvals(A).abs().max() for A in drawn]


def certificate(A: torch.Tensor) -> torch.Tensor:
    """Solve P − AᵀPA = I as a linear system in the entries of P.

    Example:
        >>> certificate(0.5 * torch.eye(_DIM, dtype=torch.float64))[0, 0].item()  # 1/(1 − ¼)
        1.3333333333333333
    """
    system = torch.eye(_DIM**2, dtype=A.dtype) - torch.kron(A.T.contiguous(), A.T.contiguous())
    P: torch.Tensor = torch.linalg.solve(system, torch.eye(_DIM, dtype=A.dtype).flatten())
    P = P.reshape(_DIM, _DIM)
    return (P + P.T) / 2


def _run(setting: Setting) -> Result:
    agree, rises, falls, definite = [], [], [], []
    for radius in _RADII:
        for stream in range(setting.size(5, 50)):
            matrices = _matrices(radius, stream, setting)
            P = certificate(matrices[0])
            positive = bool(torch.linalg.eigvalsh(P)[0] > 0)
            agree.append(positive == (radius < 1))
            if not positive:
                continue
            h = torch.randn(_DIM, generator=setting.generator(100 + stream), dtype=torch.float64)
            values = [1.0]
            for t in range(40):
                before = h @ P @ h
                h = matrices[t % len(matrices)] @ h
                rises.append(((h @ P @ h - before) / before).item())
                values.append(values[-1] * (1 + rises[-1]))
            if radius == 0.9 and stream == 0:
                falls = values
                slowest = 1 - 1 / torch.linalg.eigvalsh(P)[-1].item()
    definite = [slowest**t for t in range(len(falls))]
    steps = tuple(map(float, range(len(falls))))
    return Result(
        checks=(
            near("share of maps with P ≻ 0 just if ρ(A) < 1", 1.0, sum(agree) / len(agree), relative=0.0),
            at_most("largest relative rise of V in a step, where P ≻ 0", 0.0, max(rises)),
            at_most(
                "V over its bound (1 − 1/λ_max(P))^t, ρ = 0.9, largest", 1 + 1e-9,
                max(v / d for v, d in zip(falls, definite, strict=True)),
            ),
        ),
        figures=(
            Plot(
                "V = hᵀPh along an orbit, ρ(A) = 0.9", "step t", "V/V₀",
                (Curve("predicted bound", steps, tuple(definite)), Curve("measured", steps, tuple(falls))),
            ),
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="lyapunov-function",
    claim="For a linear map h → Ah that does not change in time, AᵀPA − P = −I has a solution P ≻ 0 just if ρ(A) < 1; "
    "then V(h) = hᵀPh falls at every step.",
    source="Lyapunov (1892); Kalman and Bertram (1960), Control system analysis, part II, theorem 4.",
    textbook=("B55",),
    control="two stable maps that take turns",
    run=_run,
    formulas=("rhobar.experiments.dynamics.lyapunov_function.certificate",),
)
