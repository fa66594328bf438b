"""Sinkhorn's algorithm: optimal transport with a price on certainty, by scaling rows and columns in turn.

    min over plans of ⟨P, C⟩ + ε D(P ‖ a bᵀ),     P_ij = a_i b_j e^{(f_i + g_j − C_ij)/ε},
    f_i ← −ε ln Σ_j b_j e^{(g_j − C_ij)/ε},     g_j ← −ε ln Σ_i a_i e^{(f_i − C_ij)/ε}.

In logarithms, so that no ε underflows. As ε → 0 the plan becomes optimal; for every ε the cost of the plan lies above
the unregularised optimum by at most ε (H(a) + H(b)), and the dual, ⟨f, a⟩ + ⟨g, b⟩, is the value of the problem. The
divergence S(a, b) = OT(a, b) − ½OT(a, a) − ½OT(b, b) takes the bias away: it is 0 for equal distributions.

Textbook: B77

References:
    Cuturi (2013), Sinkhorn distances: lightspeed computation of optimal transport.
    Feydy et al. (2019), Interpolating between optimal transport and MMD using Sinkhorn divergences, eqs. (3), (8).
    Peyré and Cuturi (2019), Computational optimal transport, sections 4.2 and 4.4.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.contracts import require_positive
from rhobar.theory.information.identities import require_distribution

__all__ = ["SinkhornPlan", "sinkhorn", "sinkhorn_divergence"]


@dataclass(frozen=True)
class SinkhornPlan:
    """The plan and what it costs.

    Attributes:
        plan: P.
        cost: ⟨P, C⟩.
        value: ⟨P, C⟩ + ε D(P ‖ a bᵀ), by the dual; at convergence.
        marginal_error: Σ |P1 − a|; columns are exact.
        num_rounds: Rounds made.
        converged: Whether the error reached its tolerance.
    """

    plan: Float[Tensor, "n m"]
    cost: float
    value: float
    marginal_error: float
    num_rounds: int
    converged: bool


def sinkhorn(
    cost: Float[Tensor, "n m"],
    epsilon: float,
    *,
    weights: tuple[Float[Tensor, " n"], Float[Tensor, " m"]] | None = None,
    tolerance: float = 1e-9,
    max_rounds: int = 10_000,
) -> SinkhornPlan:
    """Solve the regularised problem.

    Args:
        cost: C_ij.
        epsilon: ε, in the unit of the cost; rounds grow as max C/ε.
        weights: a and b, positive and each summing to one; equal by default.
        tolerance: Of the marginal error.
        max_rounds: At most.

    Example:
        >>> swap = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> round(sinkhorn(swap, 0.1).cost, 6)  # nearly all of the mass goes where it is free
        4.5e-05

    Textbook: B77
    """
    require_positive(epsilon=epsilon)
    C = cost.double()
    n, m = C.shape
    a, b = (torch.ones(k, dtype=torch.float64) / k for k in (n, m))
    if weights is not None:
        a, b = (require_distribution(w, "weights") for w in weights)
    log_a, log_b = a.log(), b.log()
    g, error, rounds = torch.zeros(m, dtype=torch.float64), float("inf"), 0
    while rounds < max_rounds and error > tolerance:
        f = -epsilon * torch.logsumexp(log_b + (g - C) / epsilon, 1)
        g = -epsilon * torch.logsumexp(log_a[:, None] + (f[:, None] - C) / epsilon, 0)
        rows = -epsilon * torch.logsumexp(log_b + (g - C) / epsilon, 1)  # what f would become
        error = float((a * torch.expm1((f - rows) / epsilon).abs()).sum())
        rounds += 1
    P = torch.exp(log_a[:, None] + log_b + (f[:, None] + g - C) / epsilon)
    return SinkhornPlan(P, float((P * C).sum()), float(a @ f + b @ g), error, rounds, error <= tolerance)


def sinkhorn_divergence(
    x: Float[Tensor, "n dim"],
    y: Float[Tensor, "m dim"],
    epsilon: float,
    *,
    cost: Callable[[Tensor, Tensor], Tensor] | None = None,
    max_rounds: int = 10_000,
) -> float:
    """S = OT(x, y) − ½OT(x, x) − ½OT(y, y), at least zero, and zero for equal samples.

    Args:
        x: Samples.
        y: Other samples.
        epsilon: ε, in the unit of the cost.
        cost: (x, y) ↦ C; squared distances by default.
        max_rounds: Of each of the three problems.

    Example:
        >>> x = torch.tensor([[0.0], [1.0]])
        >>> sinkhorn_divergence(x, x, 0.1), round(sinkhorn_divergence(x, x + 2, 0.1), 4)
        (0.0, 4.0)

    Textbook: B77
    """
    costs = cost or (lambda u, v: torch.cdist(u, v).square())
    X, Y = x.double(), y.double()
    xy, xx, yy = (sinkhorn(costs(u, v), epsilon, max_rounds=max_rounds).value for u, v in ((X, Y), (X, X), (Y, Y)))
    return xy - (xx + yy) / 2
