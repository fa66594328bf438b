"""Algorithmic stability: a learner that one sample cannot move much does not overfit.

If replacing or leaving out one sample changes no loss by more than β, and losses lie in [0, M], then with probability
1 − δ

    R ≤ R̂ + 2β + (4nβ + M) √(ln(1/δ)/2n),

which says something once β falls faster than 1/√n. Regularised kernel methods with an L-Lipschitz loss have
β ≤ L²κ²/(2λn) for the objective (1/n)Σℓ + λ‖f‖², k(x, x) ≤ κ²; stochastic gradient descent on convex, smooth,
L-Lipschitz losses has β ≤ 2L²/n Σ η_t.

Textbook: B44

References:
    Bousquet and Elisseeff (2002), Stability and generalization, theorems 12 and 22.
    Hardt, Recht and Singer (2016), Train faster, generalize better, theorem 3.8.
"""

import math
from collections.abc import Sequence

from rhobar.theory.bound import Bound
from rhobar.theory.contracts import require_confidence, require_positive

__all__ = ["kernel_stability", "sgd_stability", "stability_bound"]


def stability_bound(
    empirical: float, beta: float, num_samples: int, delta: float, *, largest_loss: float = 1.0
) -> Bound:
    """R ≤ R̂ + 2β + (4nβ + M)√(ln(1/δ)/(2n)).

    Args:
        empirical: R̂, the mean training loss.
        beta: β.
        num_samples: n.
        delta: δ.
        largest_loss: M.

    Example:
        >>> round(stability_bound(0.1, 0.001, 1000, 0.05).value, 4)
        0.2955

    Textbook: B44
    """
    require_confidence(num_samples, delta)
    require_positive(largest_loss=largest_loss)
    deviation = (4 * num_samples * beta + largest_loss) * math.sqrt(math.log(1 / delta) / (2 * num_samples))
    assumptions = (
        "samples independent, of the distribution that the risk is taken over",
        f"losses between 0 and {largest_loss:.4g}",
        f"leaving out any sample changes no loss by more than {beta:.4g}, whatever the samples",
    )
    terms = (("empirical", empirical), ("stability", 2 * beta), ("deviation", deviation))
    return Bound(empirical + 2 * beta + deviation, delta, assumptions, terms)


def kernel_stability(lipschitz: float, kernel_bound: float, regularization: float, num_samples: int) -> float:
    """β ≤ L²κ²/(2λn) of the minimiser of (1/n)Σℓ(f(xᵢ), yᵢ) + λ‖f‖²: ridge regression, support vector machines.

    Args:
        lipschitz: L of the loss in f(x), where it occurs; the squared loss (f − y)² with |f|, |y| ≤ c has 4c.
        kernel_bound: κ² = max k(x, x); for a linear model max ‖x‖².
        regularization: λ.
        num_samples: n.

    Example:
        >>> kernel_stability(1.0, 1.0, 0.1, 100)
        0.05

    Textbook: B44
    """
    require_positive(lipschitz=lipschitz, kernel_bound=kernel_bound, regularization=regularization)
    require_positive(num_samples=num_samples)
    return lipschitz**2 * kernel_bound / (2 * regularization * num_samples)


def sgd_stability(lipschitz: float, learning_rates: Sequence[float], num_samples: int) -> float:
    """β ≤ (2L²/n) Σ η_t, on average over the order of the samples: fewer and smaller steps generalise better.

    Args:
        lipschitz: L of the loss in the parameters.
        learning_rates: η_t ≤ 2/smoothness of each step; the loss must be convex.
        num_samples: n.

    Example:
        >>> sgd_stability(1.0, [0.1] * 100, 1000)
        0.02

    Textbook: B44
    """
    require_positive(lipschitz=lipschitz, num_samples=num_samples)
    return 2 * lipschitz**2 * math.fsum(learning_rates) / num_samples
