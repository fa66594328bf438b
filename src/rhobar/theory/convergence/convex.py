"""How near the minimum a method is after k steps on any convex function, from the distance D = ‖θ₀ − θ*‖ alone.

    gradient descent, L-smooth, η ≤ 1/L       L(θ_k) − L* ≤ D²/(2ηk)
    Nesterov, L-smooth, η = 1/L               L(θ_k) − L* ≤ 2LD²/(k + 1)²
    subgradient steps η = D/(G√k)             L(mean θ) − L* ≤ DG/√k
    gradient descent, Polyak–Łojasiewicz      L(θ_k) − L* ≤ (1 − μ/L)^k (L(θ₀) − L*),  η = 1/L

No method that sees gradients alone is faster than 3LD²/(32(k + 1)²) on all L-smooth functions, as long as there are
more than 2k parameters: Nesterov's rate has the best exponent.

Textbook: A55, B26

References:
    Nesterov (2004), Introductory lectures on convex optimization, theorems 2.1.7, 2.1.14 and 3.2.2.
    Beck and Teboulle (2009), A fast iterative shrinkage-thresholding algorithm, theorems 3.1 and 4.4.
    Karimi, Nutini and Schmidt (2016), Linear convergence under the Polyak–Łojasiewicz condition, theorem 1.
"""

import math

from rhobar.theory.bound import Bound
from rhobar.theory.contracts import require_positive

__all__ = [
    "gradient_descent_bound",
    "gradient_lower_bound",
    "nesterov_bound",
    "polyak_lojasiewicz_bound",
    "subgradient_bound",
]


def gradient_descent_bound(distance: float, learning_rate: float, num_steps: int) -> Bound:
    """L(θ_k) − L* ≤ D²/(2ηk).

    Args:
        distance: D, of the start from a minimum.
        learning_rate: η ≤ 1/L.
        num_steps: k.

    Example:
        >>> gradient_descent_bound(2.0, 0.1, 100).value
        0.2

    Textbook: B26
    """
    require_positive(distance=distance, learning_rate=learning_rate, num_steps=num_steps)
    smooth = f"smooth, with curvatures of at most 1/η = {1 / learning_rate:.4g}"
    return Bound(distance**2 / (2 * learning_rate * num_steps), 0.0, ("convex", smooth, "exact gradients"))


def nesterov_bound(distance: float, smoothness: float, num_steps: int) -> Bound:
    """L(θ_k) − L* ≤ 2LD²/(k + 1)², for η = 1/L and momentum (t_k − 1)/t_{k+1}, t_{k+1} = (1 + √(1 + 4t_k²))/2.

    Args:
        distance: D.
        smoothness: L.
        num_steps: k.

    Example:
        >>> nesterov_bound(2.0, 10.0, 99).value
        0.008

    Textbook: B26
    """
    require_positive(distance=distance, smoothness=smoothness, num_steps=num_steps)
    smooth = f"smooth, with curvatures of at most L = {smoothness:.4g}"
    return Bound(2 * smoothness * distance**2 / (num_steps + 1) ** 2, 0.0, ("convex", smooth, "exact gradients"))


def gradient_lower_bound(distance: float, smoothness: float, num_steps: int) -> float:
    """3LD²/(32(k + 1)²): for any method of gradients there is a function on which it is no nearer after k steps.

    Args:
        distance: D.
        smoothness: L.
        num_steps: k, below half the number of parameters.

    Example:
        >>> gradient_lower_bound(2.0, 16.0, 1)
        1.5

    Textbook: B26
    """
    require_positive(distance=distance, smoothness=smoothness, num_steps=num_steps)
    return 3 * smoothness * distance**2 / (32 * (num_steps + 1) ** 2)


def subgradient_bound(distance: float, largest_gradient: float, num_steps: int) -> Bound:
    """L(mean of θ₁ … θ_k) − L* ≤ DG/√k, with steps of η = D/(G√k); kinks are allowed.

    Args:
        distance: D.
        largest_gradient: G, the norm of any subgradient.
        num_steps: k.

    Example:
        >>> subgradient_bound(1.0, 2.0, 100).value
        0.2

    Textbook: B26
    """
    require_positive(distance=distance, largest_gradient=largest_gradient, num_steps=num_steps)
    assumptions = ("convex", f"gradients of length {largest_gradient:.4g} at the most", "η = D/(G√k)")
    return Bound(distance * largest_gradient / math.sqrt(num_steps), 0.0, assumptions)


def polyak_lojasiewicz_bound(excess: float, smallest: float, largest: float, num_steps: int) -> Bound:
    """L(θ_k) − L* ≤ (1 − μ/L)^k (L(θ₀) − L*) where ‖∇L‖² ≥ 2μ(L − L*): convexity is not needed.

    Args:
        excess: L(θ₀) − L*.
        smallest: μ.
        largest: L, of which η = 1/L.
        num_steps: k.

    Raises:
        ValueError: If μ exceeds L.

    Example:
        >>> polyak_lojasiewicz_bound(8.0, 1.0, 2.0, 3).value
        1.0

    Textbook: B26
    """
    require_positive(excess=excess, smallest=smallest, largest=largest)
    if smallest > largest:
        raise ValueError(f"smallest must not exceed largest, got {smallest} and {largest}.")
    assumptions = (f"‖∇L‖² ≥ {2 * smallest:.4g} (L − L*) along the path", f"curvatures of at most {largest:.4g}")
    return Bound((1 - smallest / largest) ** num_steps * excess, 0.0, assumptions)
