"""BFGS: the secant equation at every step, and on a quadratic of d dimensions the minimum and H⁻¹ after d of them."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.linalg import LinearOperator, conjugate_gradient

__all__ = ["EXPERIMENT"]

_CONDITION = 30.0


def _hessian(dim: int, setting: Setting) -> Tensor:
    V = torch.linalg.qr(torch.randn(dim, dim, generator=setting.generator(), dtype=torch.float64)).Q
    A: Tensor = V @ torch.logspace(0, math.log10(_CONDITION), dim, dtype=torch.float64).diag() @ V.T
    return A


def _bfgs(A: Tensor, theta: Tensor, *, exact: bool) -> tuple[list[Tensor], Tensor, float]:
    """Return the points, the last estimate H of A⁻¹ and the largest relative error of H y = s, over d steps.

    H ← (I − ρsyᵀ)H(I − ρysᵀ) + ρssᵀ, ρ = 1/yᵀs; the exact search takes t = −gᵀp/pᵀAp, the other one t = 1.
    """
    unit = torch.eye(len(theta), dtype=theta.dtype)
    H, g, points, secant = unit / _CONDITION, A @ theta, [theta], 0.0
    for _ in range(len(theta)):
        p = -H @ g
        s = (-(g @ p) / (p @ A @ p) if exact else 1.0) * p
        theta = theta + s
        y = A @ theta - g
        left = unit - torch.outer(s, y) / (y @ s)
        H = left @ H @ left.T + torch.outer(s, s) / (y @ s)
        secant = max(secant, float((H @ y - s).norm() / s.norm()))
        g = g + y
        points.append(theta)
    return points, H, secant


def _run(setting: Setting) -> Result:
    dim = setting.size(6, 8)
    A = _hessian(dim, setting)
    start = torch.randn(dim, generator=setting.generator(1), dtype=torch.float64)
    points, H, secant = _bfgs(A, start, exact=not setting.broken)
    operator = LinearOperator(lambda v: A @ v, lambda v: A @ v, (dim, dim), A.dtype, A.device)
    # From a start H that is a multiple of I, exact searches make BFGS walk as conjugate gradients do.
    walked = [conjugate_gradient(operator, -A @ start, max_steps=k, tol=0.0).x + start for k in range(1, dim + 1)]
    errors = [float(p.norm() / start.norm()) for p in points]
    theory = [1.0, *(float(w.norm() / start.norm()) for w in walked)]
    apart = max(float((p - w).norm() / start.norm()) for p, w in zip(points[1:], walked, strict=True))
    inverse = float(torch.linalg.matrix_norm(H @ A - torch.eye(dim, dtype=A.dtype)))
    return Result(
        checks=(
            at_most("error after d steps, over that at the start: rounding", 1e-6, errors[-1]),
            at_most("‖HA − I‖ after d steps: rounding", 1e-4, inverse),
            at_most("largest ‖Hy − s‖/‖s‖: rounding", 1e-9, secant),
            at_most("largest distance from the iterates of conjugate gradients", 1e-6, apart),
        ),
        figures=(versus(f"BFGS on a quadratic of {dim} dimensions, κ = 30", "step", "log₁₀ error", range(dim + 1),
                        [math.log10(max(t, 1e-16)) for t in theory], [math.log10(max(e, 1e-16)) for e in errors]),),
        notes=("Without the exact search the secant equation still holds, but d steps do not end it.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="quasi-newton-ends-in-d-steps",
    claim="On a quadratic of d dimensions BFGS with exact line search, from a multiple of I, walks as conjugate "
    "gradients: it ends after d steps, with H = A⁻¹.",
    source="Nocedal and Wright (2006), Numerical optimization, theorem 6.4.",
    textbook=("B23", "B21"),
    control="full steps in place of an exact line search",
    run=_run,
    formulas=("rhobar.linalg.conjugate_gradient",),
)
