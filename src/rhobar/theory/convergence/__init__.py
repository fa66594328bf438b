"""How fast methods converge, where noise stops them, and what an adversary can cost them."""

from rhobar.theory.convergence.convex import (
    gradient_descent_bound,
    gradient_lower_bound,
    nesterov_bound,
    polyak_lojasiewicz_bound,
    subgradient_bound,
)
from rhobar.theory.convergence.noise_ball import noise_ball, noisy_second_moments
from rhobar.theory.convergence.quadratics import LinearRate, Method, optimal_rate, quadratic_rates, steps_to_reduce
from rhobar.theory.convergence.regret import (
    exponential_weights,
    exponential_weights_regret,
    gradient_descent_regret,
    online_excess,
    online_gradient_descent,
    online_to_batch,
)

__all__ = [
    "LinearRate",
    "Method",
    "exponential_weights",
    "exponential_weights_regret",
    "gradient_descent_bound",
    "gradient_descent_regret",
    "gradient_lower_bound",
    "nesterov_bound",
    "noise_ball",
    "noisy_second_moments",
    "online_excess",
    "online_gradient_descent",
    "online_to_batch",
    "optimal_rate",
    "polyak_lojasiewicz_bound",
    "quadratic_rates",
    "steps_to_reduce",
    "subgradient_bound",
]
