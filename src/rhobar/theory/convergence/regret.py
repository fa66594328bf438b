"""Regret: by how much an online learner's losses exceed those of the best fixed choice in hindsight.

No assumption is made on where the losses come from; an adversary may choose them.

    gradient descent, η = D/(G√T)            Σ ℓ_t(w_t) − Σ ℓ_t(u) ≤ D²/2η + ηG²T/2 = DG√T
    gradient descent, η_t = D/(G√t)          ≤ (3/2) DG√T, with D the diameter
    the same, μ-strongly convex, η_t = 1/μt  ≤ G²(1 + ln T)/2μ
    exponential weights over N experts       ≤ ln N/η + ηT/8 = √(T ln N / 2) for losses in [0, 1], η = √(8 ln N/T)
    exponentiated gradient on the simplex    ≤ ln N/η + ηG²T/2 = G√(2T ln N) for ‖∇ℓ_t‖_∞ ≤ G

On independent samples the mean of the iterates then has, with probability 1 − δ, at most the risk
(1/T) Σ ℓ_t(w_t) + √(ln(1/δ)/2T), and so lies within regret/T + 2√(ln(2/δ)/2T) of the best u.

Textbook: B26, B41

References:
    Zinkevich (2003), Online convex programming and generalized infinitesimal gradient ascent, theorem 1.
    Kivinen and Warmuth (1997), Exponentiated gradient versus gradient descent for linear predictors.
    Cesa-Bianchi and Lugosi (2006), Prediction, learning, and games, theorem 2.2.
    Cesa-Bianchi, Conconi and Gentile (2004), On the generalization ability of on-line learning algorithms.
    Hazan (2016), Introduction to online convex optimization, theorems 3.1 and 3.3.
"""

import math
from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.bound import Bound
from rhobar.theory.contracts import require_confidence, require_positive, require_unit

__all__ = [
    "exponential_weights",
    "exponential_weights_regret",
    "gradient_descent_regret",
    "online_excess",
    "online_gradient_descent",
    "online_to_batch",
]


def gradient_descent_regret(
    distance: float,
    largest_gradient: float,
    num_rounds: int,
    *,
    schedule: Literal["constant", "decaying", "strongly-convex"] = "constant",
    strong_convexity: float = 0.0,
) -> Bound:
    """Regret of projected online gradient descent after T rounds.

    Args:
        distance: D, the diameter of the set of choices (for "constant", ‖w₁ − u‖ suffices).
        largest_gradient: G.
        num_rounds: T.
        schedule: "constant" η = D/(G√T), "decaying" η_t = D/(G√t), or "strongly-convex" η_t = 1/(μt).
        strong_convexity: μ, for the last.

    Raises:
        ValueError: If the schedule is unknown.

    Example:
        >>> gradient_descent_regret(2.0, 1.0, 100).value
        20.0

    Textbook: B26, B41
    """
    D, G, T = distance, largest_gradient, num_rounds
    require_positive(distance=D, largest_gradient=G, num_rounds=T)
    if schedule == "constant":
        value = D * G * math.sqrt(T)
    elif schedule == "decaying":
        value = 1.5 * D * G * math.sqrt(T)
    elif schedule == "strongly-convex":
        require_positive(strong_convexity=strong_convexity)
        value = G**2 * (1 + math.log(T)) / (2 * strong_convexity)
    else:
        raise ValueError(f"schedule must be 'constant', 'decaying' or 'strongly-convex', got {schedule!r}.")
    convex = "losses convex" if schedule != "strongly-convex" else f"losses {strong_convexity:.4g}-strongly convex"
    return Bound(value, 0.0, (convex, f"gradients of length {G:.4g} at the most", f"choices within {D:.4g}"))


def exponential_weights_regret(num_experts: int, num_rounds: int, *, largest_gradient: float | None = None) -> Bound:
    """Regret of exponential weights, √(T ln N/2); of exponentiated gradient with ‖∇ℓ‖_∞ ≤ G, G√(2T ln N).

    Args:
        num_experts: N.
        num_rounds: T.
        largest_gradient: G; None for losses of experts in [0, 1].

    Example:
        >>> round(exponential_weights_regret(10, 200).value, 3)
        15.174

    Textbook: B26, B41
    """
    require_positive(num_experts=num_experts, num_rounds=num_rounds)
    T, complexity = num_rounds, math.log(num_experts)
    if largest_gradient is None:
        return Bound(math.sqrt(T * complexity / 2), 0.0, ("losses in [0, 1]", "η = √(8 ln N/T)"))
    require_positive(largest_gradient=largest_gradient)
    value = largest_gradient * math.sqrt(2 * T * complexity)
    return Bound(value, 0.0, ("losses convex", "‖∇ℓ‖_∞ ≤ G", "η = √(2 ln N/T)/G"))


def online_gradient_descent(
    gradient: Callable[[int, Float[Tensor, " dim"]], Float[Tensor, " dim"]],
    start: Float[Tensor, " dim"],
    learning_rates: Float[Tensor, " rounds"],
    *,
    radius: float = math.inf,
) -> Float[Tensor, "rounds dim"]:
    """Return w_t of each round: w_{t+1} = Π(w_t − η_t ∇ℓ_t(w_t)), Π the projection on the ball ‖w‖ ≤ radius.

    Args:
        gradient: (t from 0, w_t) ↦ ∇ℓ_t(w_t).
        start: w₁.
        learning_rates: η_t.
        radius: Of the ball.

    Example:
        >>> online_gradient_descent(lambda t, w: w - 1, torch.zeros(1), torch.tensor([0.5, 0.5, 0.5]))[:, 0]
        tensor([0.0000, 0.5000, 0.7500], dtype=torch.float64)

    Textbook: B41
    """
    w, path = start.double(), []
    for t, rate in enumerate(learning_rates.tolist()):
        path.append(w)
        w = w - rate * gradient(t, w).double()
        w = w * min(1.0, radius / max(float(torch.linalg.vector_norm(w)), 1e-300))
    return torch.stack(path)


def exponential_weights(
    losses: Float[Tensor, "rounds experts"], learning_rate: float
) -> Float[Tensor, "rounds experts"]:
    """Return the weights of each round, w_t ∝ exp(−η Σ_{s<t} ℓ_s): none of the current loss is seen.

    With ∇ℓ_t(w_t) for the losses, computed as they come, this is the exponentiated gradient.

    Args:
        losses: Of every expert in every round.
        learning_rate: η.

    Example:
        >>> exponential_weights(torch.tensor([[0.0, 1.0], [0.0, 1.0]]), 1.0)
        tensor([[0.5000, 0.5000],
                [0.7311, 0.2689]], dtype=torch.float64)

    Textbook: B41
    """
    past = losses.double().cumsum(0) - losses.double()
    return torch.softmax(-learning_rate * past, 1)


def online_to_batch(mean_loss: float, num_rounds: int, delta: float) -> Bound:
    """R(mean of w_t) ≤ (1/T) Σ ℓ_t(w_t) + √(ln(1/δ)/(2T)): a guarantee without any held-out sample.

    Args:
        mean_loss: (1/T) Σ ℓ_t(w_t), each loss taken before its sample is learned from, in [0, 1].
        num_rounds: T, each a fresh sample.
        delta: δ.

    Example:
        >>> round(online_to_batch(0.1, 1000, 0.05).value, 4)
        0.1387

    Textbook: B41
    """
    require_confidence(num_rounds, delta)
    require_unit(mean_loss=mean_loss)
    deviation = math.sqrt(math.log(1 / delta) / (2 * num_rounds))
    assumptions = ("every round is an independent sample", "loss convex and in [0, 1]")
    return Bound(mean_loss + deviation, delta, assumptions, (("empirical", mean_loss), ("deviation", deviation)))


def online_excess(regret: float, num_rounds: int, delta: float) -> Bound:
    """R(mean of w_t) − R(u) ≤ regret/T + 2√(ln(2/δ)/(2T)) for any u fixed beforehand, the best one included.

    Args:
        regret: A bound on the regret.
        num_rounds: T.
        delta: δ.

    Example:
        >>> round(online_excess(20.0, 10_000, 0.05).value, 4)
        0.0292

    Textbook: B41
    """
    require_confidence(num_rounds, delta)
    deviation = 2 * math.sqrt(math.log(2 / delta) / (2 * num_rounds))
    assumptions = ("every round is an independent sample", "loss convex and in [0, 1]")
    terms = (("regret", regret / num_rounds), ("deviation", deviation))
    return Bound(regret / num_rounds + deviation, delta, assumptions, terms)
