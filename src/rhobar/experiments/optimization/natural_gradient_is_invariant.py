"""The natural gradient moves the function alike however it is parametrised; the plain gradient does not."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.experiments.checks import at_least, at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.optim import NaturalGradient
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]


class _Linear(nn.Module):
    """The score x·(A φ), or x·(A sinh φ): logistic regression in other coordinates."""

    def __init__(self, A: Tensor, theta: Tensor, *, curved: bool) -> None:
        super().__init__()
        phi = torch.linalg.solve(A, theta)
        self.A, self.curved = A, curved
        self.phi = nn.Parameter(torch.asinh(phi) if curved else phi)

    def forward(self, x: Tensor) -> Tensor:
        score: Tensor = x @ (self.A @ (torch.sinh(self.phi) if self.curved else self.phi))
        return score


def _moved(model: nn.Module, x: Tensor, y: Tensor, lr: float, *, natural: bool) -> Tensor:
    """Return how far one step moves the scores."""

    def closure() -> tuple[Tensor, Tensor]:
        outputs = model(x)
        return F.binary_cross_entropy_with_logits(outputs, y), outputs

    before: Tensor = model(x).detach()
    if natural:
        NaturalGradient(model.parameters(), lr=lr, likelihood="bernoulli", damping=0.0, tol=1e-12).step(closure)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        closure()[0].backward()
        optimizer.step()
    moved: Tensor = model(x).detach() - before
    return moved


def _gap(lr: float, setting: Setting, *, curved: bool, natural: bool) -> float:
    """Return the relative difference of a step's effect in two parametrisations."""
    generator = setting.generator()

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    dim, n = setting.size(5, 20), setting.size(100, 1000)
    x, theta, A = normal(n, dim), normal(dim) * (5 / dim) ** 0.5, normal(dim, dim)
    y = (x[:, 0] + 0.5 * normal(n) > 0).double()
    unit = torch.eye(dim, dtype=torch.float64)
    plain = _moved(_Linear(unit, theta, curved=False), x, y, lr, natural=natural)
    other = _moved(_Linear(unit if curved else A, theta, curved=curved), x, y, lr, natural=natural)
    return float((other - plain).norm() / plain.norm())


def _run(setting: Setting) -> Result:
    natural = not setting.broken
    rates = (0.1, 0.01, 0.001, 0.0001)
    linear = [_gap(lr, setting, curved=False, natural=natural) for lr in rates]
    curved = [_gap(lr, setting, curved=True, natural=natural) for lr in rates]
    plain = [_gap(lr, setting, curved=False, natural=False) for lr in rates]
    order = math.log10(curved[1] / curved[3]) / 2
    first_order = tuple(curved[-1] * lr / rates[-1] for lr in rates)
    return Result(
        checks=(
            at_most("linear coordinates: relative difference of the step's effect: CG's tolerance", 1e-6, max(linear)),
            near("curved coordinates: it vanishes like η^1", 1.0, order, relative=0.05),
            at_least("plain gradient, linear coordinates: it does not vanish", 0.1, min(plain)),
        ),
        figures=(
            Plot(
                "Difference of a step's effect in two parametrisations",
                "rate η",
                "log₁₀ relative difference",
                (
                    Curve("∝ η", rates, tuple(map(math.log10, first_order))),
                    Curve("natural, curved", rates, tuple(map(math.log10, curved))),
                    Curve("natural, linear", rates, tuple(math.log10(max(g, 1e-16)) for g in linear)),
                    Curve("plain, linear", rates, tuple(map(math.log10, plain))),
                ),
                log=True,
            ),
        ),
        notes=("It takes the true Fisher information; with the empirical one in its place the step is another.",),
    )


EXPERIMENT = Experiment(
    name="natural-gradient-is-invariant",
    claim="A step of F⁻¹g changes the function alike in all linear coordinates, and to order η in curved ones.",
    source="Amari (1998), Natural gradient works efficiently in learning; Martens (2020), section 12.",
    textbook=("B21", "B24"),
    control="the plain gradient, in place of the natural one",
    run=_run,
    formulas=("rhobar.optim.NaturalGradient",),
)
