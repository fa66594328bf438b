"""Newton's step ends on a quadratic at once, and squares the error of each step near any minimum."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import at_most, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.linalg import conjugate_gradient
from rhobar.optim.curvature import gradient_and_hessian
from rhobar.probes.estimate import Estimate
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_CONDITION = 100.0


def _hessian(dim: int, setting: Setting) -> Tensor:
    drawn = torch.randn(dim, dim, generator=setting.generator(), dtype=torch.float64)
    V = torch.linalg.qr(drawn).Q
    H: Tensor = V @ torch.logspace(0, math.log10(_CONDITION), dim, dtype=torch.float64).diag() @ V.T
    return H


def _newton(loss: Tensor, theta: Tensor) -> tuple[Tensor, int]:
    """Return θ − H⁻¹g and the products with H that it took."""
    g, H = gradient_and_hessian(loss, [theta])
    found = conjugate_gradient(H, g, max_steps=10 * theta.numel(), tol=1e-13)
    return theta.detach() - found.x, found.num_matvecs


def _errors_of_a_curved_loss(start: float) -> list[float]:
    """Return |θ_t| of Newton's method on L = eᶿ − θ, least at 0: θ ← θ − 1 + e^(−θ) = θ²/2 − θ³/6 + …."""
    theta, errors = torch.tensor([start], dtype=torch.float64), [start]
    for _ in range(3):
        theta = theta.requires_grad_()
        theta, _ = _newton((theta.exp() - theta).sum(), theta)
        errors.append(abs(float(theta)))
    return errors


def _run(setting: Setting) -> Result:
    dim = setting.size(10, 200)
    H = _hessian(dim, setting)
    theta = torch.randn(dim, generator=setting.generator(1), dtype=torch.float64).requires_grad_()
    power = 4 if setting.broken else 2  # L = ½(θᵀHθ)^(p/2)
    moved, products = _newton((theta @ H @ theta) ** (power // 2) / 2, theta)
    left = float(moved.norm() / theta.detach().norm())
    descended = theta.detach() - 2 / (1 + _CONDITION) * (H @ theta.detach())
    errors = _errors_of_a_curved_loss(0.5)
    halves = [e**2 / 2 for e in errors]
    steps = tuple(float(t) for t in range(len(errors)))
    return Result(
        checks=(
            at_most("error after one step on a quadratic, over that before: rounding", 1e-9, left),
            at_most("products with H: at most the dimension, but for rounding", 2.0 * dim, float(products)),
            near("on L = eᶿ − θ: error after the third step: half the square of the one before", halves[2], errors[3],
                 relative=errors[2]),
            equal("the same after the second", halves[1], Estimate(errors[2], 0.0), bias=errors[1] ** 3 / 6),
        ),
        figures=(
            Plot(
                "Newton's method on eᶿ − θ",
                "step",
                "log₁₀ error",
                (
                    Curve("half the square", steps[1:], tuple(math.log10(h) for h in halves[:-1])),
                    Curve("measured", steps, tuple(math.log10(max(e, 1e-300)) for e in errors)),
                ),
            ),
        ),
        notes=(f"One step of descent at its best rate leaves {float(descended.norm() / theta.detach().norm()):.2f} of "
               "the error. Far from a minimum, or where H is not positive, Newton's step may lead astray.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="newton-ends-in-one-step",
    claim="On a quadratic with H ≻ 0 the step −H⁻¹g ends at the minimum; near a smooth one it squares the error.",
    source="Nocedal and Wright (2006), Numerical optimization, theorem 3.5.",
    textbook=("B21", "B22"),
    control="the square of the quadratic, of fourth order",
    run=_run,
    formulas=("rhobar.optim.curvature.gradient_and_hessian", "rhobar.linalg.conjugate_gradient"),
)
