"""Conjugate gradients inside a ball: the model's minimum, or the way out where the model falls without end."""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg.operator import LinearOperator

__all__ = ["TrustRegionSolution", "conjugate_gradient"]


@dataclass(frozen=True)
class TrustRegionSolution:
    """An approximate minimum of ½xᵀAx − bᵀx over ‖x‖ ≤ radius.

    Attributes:
        x: The point.
        decrease: bᵀx − ½xᵀAx ≥ 0, what the quadratic falls by from 0.
        residual: ‖b − Ax‖.
        num_matvecs: Products with A.
        stop: Why it ended: "converged", "boundary" (the ball's), "negative-curvature" (then also on the boundary),
            "max-steps" or "not-finite".
    """

    x: Float[Tensor, " n"] = field(repr=False, compare=False)
    decrease: float
    residual: float
    num_matvecs: int
    stop: str


def conjugate_gradient(
    A: LinearOperator,
    b: Float[Tensor, " n"],
    *,
    max_steps: int,
    tol: float = 1e-5,
    radius: float = math.inf,
    shift: float = 0.0,
) -> TrustRegionSolution:
    """Minimise ½xᵀ(A + sI)x − bᵀx over ‖x‖ ≤ radius, from x = 0.

        α = rᵀr / pᵀAp,   x ← x + αp,   r ← r − αAp,   p ← r + (rᵀr)_new/(rᵀr)_old p

    ‖x‖ grows with every step, so the first step to leave the ball is cut at its boundary; a direction with
    pᵀAp ≤ 0 is followed to the boundary. Without a ball such a direction ends the search at the last x, or, at the
    first step, at b itself, the direction of steepest descent.

    Args:
        A: Symmetric; it need not be definite.
        b: Right-hand side, the negative gradient of a model.
        max_steps: Bound on the products, at least 1.
        tol: Stop once ‖b − (A + sI)x‖ ≤ tol ‖b‖.
        radius: Of the ball.
        shift: s ≥ 0, damping.

    Returns:
        The point and how it was reached.

    Raises:
        ValueError: If no step is allowed, or the radius is not positive.

    Example:
        >>> A = LinearOperator.from_matrix(torch.diag(torch.tensor([1.0, 4.0])))
        >>> solution = conjugate_gradient(A, torch.tensor([1.0, 4.0]), max_steps=5)
        >>> solution.stop, solution.num_matvecs, round(solution.decrease, 4)
        ('converged', 2, 2.5)

    Reference: Steihaug (1983); Nocedal and Wright (2006), Numerical optimization, algorithm 7.2.
    Textbook: B22
    """
    if max_steps < 1:
        raise ValueError(f"max_steps must be at least 1, got {max_steps}.")
    if not radius > 0:
        raise ValueError(f"radius must be positive, got {radius}.")
    x, r, p = torch.zeros_like(b), b.clone(), b.clone()
    rr = float(r @ r)
    target, stop, steps = tol**2 * rr, "max-steps", 0
    if not math.isfinite(rr):
        return TrustRegionSolution(x, 0.0, math.inf, 0, "not-finite")
    while rr > target and steps < max_steps:
        Ap = A @ p + shift * p
        steps, pAp = steps + 1, float(p @ Ap)
        if not math.isfinite(pAp):
            stop = "not-finite"
            break
        alpha = rr / pAp if pAp > 0 else math.inf
        to_boundary = _to_boundary(x, p, radius)
        if alpha >= to_boundary:
            stop = "boundary" if pAp > 0 else "negative-curvature"
            if math.isinf(to_boundary):
                to_boundary = 1.0 if steps == 1 else 0.0
            x, r = x + to_boundary * p, r - to_boundary * Ap
            break
        x, r, before = x + alpha * p, r - alpha * Ap, rr
        rr = float(r @ r)
        p = r + rr / before * p
    else:
        stop = "converged" if rr <= target else "max-steps"
    return TrustRegionSolution(x, float((b + r) @ x) / 2, float(torch.linalg.vector_norm(r)), steps, stop)


def _to_boundary(x: Tensor, p: Tensor, radius: float) -> float:
    """Return τ ≥ 0 with ‖x + τp‖ = radius."""
    if math.isinf(radius):
        return math.inf
    pp, xp, xx = float(p @ p), float(x @ p), float(x @ x)
    return (-xp + math.sqrt(max(xp**2 + pp * (radius**2 - xx), 0.0))) / pp
