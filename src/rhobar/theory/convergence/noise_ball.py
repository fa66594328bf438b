"""Where stochastic gradients end: at a constant rate, not in the minimum but in a ball about it.

Along an eigenvector of curvature λ, with gradient noise of variance σ² that does not depend on θ, heavy ball settles at

    E θ² = ησ² (1 + β) / (λ (1 − β) (2(1 + β) − ηλ)),        for β = 0   ησ²/(λ(2 − ηλ)),

so that the loss stays Σ ½λ E θ² above its minimum. With a rate that changes, E θ² follows

    E θ²_{t+1} = (1 − η_tλ)² E θ²_t + η_t² σ²,

and η_t = 1/(λ(t + 1)) makes it σ²/(λ²t): the mean of t noisy measurements.

Textbook: B18, B29, B30

References:
    Robbins and Monro (1951), A stochastic approximation method.
    Mandt, Hoffman and Blei (2017), Stochastic gradient descent as approximate Bayesian inference, section 4.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.contracts import require_positive

__all__ = ["noise_ball", "noisy_second_moments"]


def noise_ball(
    curvatures: Float[Tensor, " n"], noise: Float[Tensor, " n"], *, learning_rate: float, momentum: float = 0.0
) -> Float[Tensor, " n"]:
    """Return E θ² along each eigenvector once the start is forgotten; infinite where the iteration diverges.

    Args:
        curvatures: λ > 0.
        noise: σ² of the gradient along each; for a batch of B samples, that of one sample over B.
        learning_rate: η.
        momentum: β in [0, 1), as in v ← βv + g, θ ← θ − ηv.

    Raises:
        ValueError: If the momentum lies outside [0, 1).

    Example:
        >>> noise_ball(torch.tensor([1.0]), torch.tensor([1.0]), learning_rate=1.0)
        tensor([1.], dtype=torch.float64)

    Textbook: B18, B30
    """
    require_positive(learning_rate=learning_rate)
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must lie in [0, 1), got {momentum}.")
    lam, beta = curvatures.double(), momentum
    room = 2 * (1 + beta) - learning_rate * lam
    variance = learning_rate * noise.double() * (1 + beta) / (lam * (1 - beta) * room)
    return torch.where((room > 0) & (lam > 0), variance, torch.inf)


def noisy_second_moments(
    curvature: float, noise: float, learning_rates: Float[Tensor, " steps"], *, start: float
) -> Float[Tensor, " steps"]:
    """Return E θ² after each step of plain stochastic gradient descent, exactly, for any schedule.

    Args:
        curvature: λ.
        noise: σ² of the gradient.
        learning_rates: η_t.
        start: θ₀².

    Example:
        >>> rates = 1 / torch.arange(1, 5, dtype=torch.float64)
        >>> noisy_second_moments(1.0, 1.0, rates, start=9.0)  # the mean of t draws
        tensor([1.0000, 0.5000, 0.3333, 0.2500], dtype=torch.float64)

    Textbook: B29
    """
    moments, moment = [], start
    for rate in learning_rates.tolist():
        moment = (1 - rate * curvature) ** 2 * moment + rate**2 * noise
        moments.append(moment)
    return torch.tensor(moments, dtype=torch.float64)
