"""Rates on a quadratic: each step multiplies the error along the eigenvector of λ by the roots of a polynomial.

    gradient descent   θ ← θ − ηg                                   z = 1 − ηλ
    heavy ball         v ← βv + g,  θ ← θ − ηv                      z² − (1 + β − ηλ) z + β = 0
    Nesterov           the same with g at θ − ηβv                    z² − (1 + β)(1 − ηλ) z + β(1 − ηλ) = 0

The largest |z| over all λ is the rate in the long run; below one it converges. With κ = L/μ the least possible is

    gradient descent   η = 2/(μ + L)                                                      (κ − 1)/(κ + 1)
    heavy ball         η = 4/(√L + √μ)²,  β = ((√κ − 1)/(√κ + 1))²                        (√κ − 1)/(√κ + 1)
    Nesterov           η = 4/(3L + μ),    β = (√(3κ + 1) − 2)/(√(3κ + 1) + 2)             1 − 2/√(3κ + 1)

At the optimum the heavy ball's matrix has a double root: its error is k times the rate to the k, for a while.

Textbook: A55, A57, B5, B27, C-§5.2.1

References:
    Polyak (1964), Some methods of speeding up the convergence of iteration methods.
    Nesterov (2004), Introductory lectures on convex optimization, section 2.2.
    Lessard, Recht and Packard (2016), Analysis and design of optimization algorithms, proposition 1.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.contracts import require_positive

__all__ = ["LinearRate", "Method", "optimal_rate", "quadratic_rates", "steps_to_reduce"]

Method = Literal["gradient-descent", "heavy-ball", "nesterov"]
_METHODS = ("gradient-descent", "heavy-ball", "nesterov")


@dataclass(frozen=True)
class LinearRate:
    """The best a method can do on every quadratic with curvatures between μ and L.

    Attributes:
        learning_rate: η.
        momentum: β.
        factor: By which the error shrinks in a step, in the long run.
    """

    learning_rate: float
    momentum: float
    factor: float


def quadratic_rates(
    method: Method, curvatures: Float[Tensor, " n"], *, learning_rate: float, momentum: float = 0.0
) -> Float[Tensor, " n"]:
    """Return the largest |z| for each curvature; above one the error along its eigenvector grows.

    Args:
        method: Which.
        curvatures: λ, eigenvalues of the Hessian.
        learning_rate: η.
        momentum: β; of no meaning for gradient descent.

    Raises:
        ValueError: If the method is unknown.

    Example:
        >>> quadratic_rates("gradient-descent", torch.tensor([1.0, 10.0]), learning_rate=0.15)
        tensor([0.8500, 0.5000], dtype=torch.float64)
        >>> quadratic_rates("heavy-ball", torch.tensor([10.0]), learning_rate=0.1, momentum=0.81)
        tensor([0.9000], dtype=torch.float64)

    Textbook: A55, A57, B5
    """
    if method not in _METHODS:
        raise ValueError(f"method must be one of {', '.join(_METHODS)}, got {method!r}.")
    contraction = 1 - learning_rate * curvatures.double()
    if method == "gradient-descent":
        return contraction.abs()
    if method == "heavy-ball":
        trace, product = momentum + contraction, torch.full_like(contraction, momentum)
    else:
        trace, product = (1 + momentum) * contraction, momentum * contraction
    root = torch.sqrt((trace.square() / 4 - product).to(torch.complex128))
    return torch.maximum((trace / 2 + root).abs(), (trace / 2 - root).abs())


def optimal_rate(method: Method, smallest: float, largest: float) -> LinearRate:
    """Return the parameters with the least factor over all curvatures between μ and L.

    Args:
        method: Which.
        smallest: μ.
        largest: L.

    Raises:
        ValueError: If the method is unknown or μ exceeds L.

    Example:
        >>> optimal_rate("heavy-ball", 1.0, 9.0)
        LinearRate(learning_rate=0.25, momentum=0.25, factor=0.5)
        >>> optimal_rate("gradient-descent", 1.0, 9.0)
        LinearRate(learning_rate=0.2, momentum=0.0, factor=0.8)

    Textbook: B27, C-§5.2.1
    """
    require_positive(smallest=smallest, largest=largest)
    if smallest > largest or method not in _METHODS:
        raise ValueError(
            f"smallest must not exceed largest and method be one of {', '.join(_METHODS)}, "
            f"got {smallest}, {largest} and {method!r}."
        )
    mu, L, kappa = smallest, largest, largest / smallest
    if method == "gradient-descent":
        return LinearRate(2 / (mu + L), 0.0, (kappa - 1) / (kappa + 1))
    if method == "heavy-ball":
        factor = (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1)
        return LinearRate(4 / (math.sqrt(L) + math.sqrt(mu)) ** 2, factor**2, factor)
    root = math.sqrt(3 * kappa + 1)
    return LinearRate(4 / (3 * L + mu), (root - 2) / (root + 2), 1 - 2 / root)


def steps_to_reduce(factor: float, reduction: float) -> float:
    """How many steps divide the error by `reduction`, ln(reduction)/ln(1/factor); infinite without convergence.

    Args:
        factor: Of one step.
        reduction: By how much, above one.

    Example:
        >>> round(steps_to_reduce(0.5, 1024.0), 9)
        10.0
    """
    require_positive(reduction=reduction)
    if factor >= 1:
        return math.inf
    return math.log(reduction) / -math.log(factor) if factor > 0 else 1.0
