"""Rademacher complexity: how well a class can follow signs drawn at random.

    R̂_S(F) = E_σ sup_f (1/n) Σ σᵢ f(xᵢ)        (given the inputs; R_n averages over them, too)

Linear functions of ‖w‖₂ ≤ B have sup_w = B ‖Σ σᵢ xᵢ‖₂ / n for each draw of signs, those of ‖w‖₁ ≤ B have
B ‖Σ σᵢ xᵢ‖_∞ / n: the expectation is all that is left to average, and

    R̂_S ≤ B √(Σ ‖xᵢ‖²) / n,        R̂_S ≤ B √(2 ln(2d) · max_j Σ_i x_ij²) / n.

With probability 1 − δ, for all f whose losses in [0, 1] make up F,

    R(f) ≤ R̂(f) + 2 R_n(F) + √(ln(1/δ)/2n),      R(f) ≤ R̂(f) + 2 R̂_S(F) + 3 √(ln(2/δ)/2n).

For any other learner, the supremum is what its fit to random labels attains: a lower estimate if the fit is not exact.

Textbook: B43, C90, C91

References:
    Bartlett and Mendelson (2002), Rademacher and Gaussian complexities, theorem 8.
    Mohri, Rostamizadeh and Talwalkar (2018), Foundations of machine learning, theorems 3.3, 3.7 and 5.10, 11.15.
    Zhang, Bengio, Hardt, Recht and Vinyals (2017), Understanding deep learning requires rethinking generalization.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.bound import Bound
from rhobar.theory.contracts import require_confidence, require_positive, require_unit

__all__ = [
    "RademacherComplexity",
    "fitted_rademacher",
    "linear_rademacher",
    "linear_rademacher_limit",
    "rademacher_bound",
    "table_rademacher",
]

_EXHAUSTIVE = 14  # 2^14 draws of signs are all of them


@dataclass(frozen=True)
class RademacherComplexity:
    """R̂_S(F), computed or estimated.

    Attributes:
        value: The mean over the draws of signs.
        stderr: Its standard error; 0 if all draws were made.
        num_draws: How many.
    """

    value: float
    stderr: float
    num_draws: int


def linear_rademacher(
    x: Float[Tensor, "n dim"],
    *,
    radius: float = 1.0,
    norm: Literal[1, 2] = 2,
    num_draws: int = 1000,
    generator: torch.Generator | None = None,
) -> RademacherComplexity:
    """R̂_S of {x ↦ w·x: ‖w‖ ≤ B}; the supremum is exact, and so is the mean over signs up to 14 inputs.

    Args:
        x: Inputs.
        radius: B.
        norm: Of w: 2 or 1.
        num_draws: Draws of signs beyond 14 inputs.
        generator: Draws them.

    Example:
        >>> linear_rademacher(torch.eye(2))  # ‖(±1, ±1)‖ / 2
        RademacherComplexity(value=0.7071067811865476, stderr=0.0, num_draws=4)

    Textbook: B43, C90
    """
    require_positive(radius=radius)
    X, order = x.double(), math.inf if norm == 1 else 2
    n = X.shape[0]
    return _mean(lambda signs: radius * torch.linalg.vector_norm(signs @ X, order, dim=1) / n, n, num_draws, generator)


def linear_rademacher_limit(x: Float[Tensor, "n dim"], *, radius: float = 1.0, norm: Literal[1, 2] = 2) -> float:
    """The closed form above it: B √(Σ‖xᵢ‖²)/n, or B √(2 ln(2d) · max_j Σ_i x_ij²)/n for ‖w‖₁ ≤ B.

    Args:
        x: Inputs.
        radius: B.
        norm: Of w: 2 or 1.

    Example:
        >>> round(linear_rademacher_limit(torch.eye(2)), 6)
        0.707107

    Textbook: B43
    """
    require_positive(radius=radius)
    X = x.double()
    n, d = X.shape
    if norm == 2:
        return radius * float(torch.linalg.vector_norm(X)) / n
    return radius * math.sqrt(2 * math.log(2 * d) * float(X.square().sum(0).max())) / n


def table_rademacher(
    values: Float[Tensor, "functions n"], *, num_draws: int = 1000, generator: torch.Generator | None = None
) -> RademacherComplexity:
    """R̂_S of finitely many functions, from their values.

    Args:
        values: f(xᵢ), a row a function.
        num_draws: Draws of signs beyond 14 samples.
        generator: Draws them.

    Example:
        >>> table_rademacher(torch.tensor([[1.0, 1.0], [-1.0, -1.0]])).value  # E |σ₁ + σ₂| / 2
        0.5

    Textbook: B43, C90
    """
    V = values.double()
    n = V.shape[1]
    return _mean(lambda signs: (signs @ V.mT).amax(1) / n, n, num_draws, generator)


def fitted_rademacher(
    fit: Callable[[Float[Tensor, " n"]], Float[Tensor, " n"]],
    num_samples: int,
    *,
    num_draws: int = 20,
    generator: torch.Generator | None = None,
) -> RademacherComplexity:
    """R̂_S of any learner: what its fit to random signs attains, averaged. A lower estimate unless the fit is exact.

    Args:
        fit: Signs σ ↦ values f(xᵢ) of the function that follows them best.
        num_samples: n.
        num_draws: How often to fit.
        generator: Draws the signs.

    Raises:
        ValueError: If there are fewer than two draws.

    Example:
        >>> memoriser = fitted_rademacher(lambda signs: signs, 100)
        >>> memoriser.value  # it follows any signs: nothing can be guaranteed
        1.0

    Textbook: B43, C90
    """
    require_positive(num_samples=num_samples)
    if num_draws < 2:
        raise ValueError(f"num_draws must be at least 2, got {num_draws}; one fit gives no standard error.")
    signs = _signs(num_draws, num_samples, generator)
    attained = torch.stack([row @ fit(row).double() / num_samples for row in signs])
    return RademacherComplexity(float(attained.mean()), float(attained.std()) / num_draws**0.5, num_draws)


def rademacher_bound(
    empirical: float, complexity: float, num_samples: int, delta: float, *, given_samples: bool = True
) -> Bound:
    """R(f) ≤ R̂(f) + 2R̂_S + 3√(ln(2/δ)/2n), or with R_n over fresh inputs R̂(f) + 2R_n + √(ln(1/δ)/2n).

    Args:
        empirical: R̂(f), of a loss in [0, 1].
        complexity: Of the class of losses. A loss that is L-Lipschitz in f has at most L times the complexity of the
            functions (Talagrand's contraction); the 0–1 loss of ±1 functions has half of it.
        num_samples: n.
        delta: δ.
        given_samples: Whether the complexity is that of these samples, R̂_S, or the mean over all, R_n.

    Example:
        >>> round(rademacher_bound(0.1, 0.05, 1000, 0.05, given_samples=False).value, 4)
        0.2387

    Textbook: C91
    """
    require_confidence(num_samples, delta)
    require_unit(empirical=empirical)
    if given_samples:
        deviation = 3 * math.sqrt(math.log(2 / delta) / (2 * num_samples))
    else:
        deviation = math.sqrt(math.log(1 / delta) / (2 * num_samples))
    assumptions = (
        "samples independent, of the distribution that the risk is taken over",
        "loss in [0, 1], of whose class the complexity is taken",
        "class fixed before the samples were seen",
    )
    terms = (("empirical", empirical), ("complexity", 2 * complexity), ("deviation", deviation))
    return Bound(empirical + 2 * complexity + deviation, delta, assumptions, terms)


def _mean(
    supremum: Callable[[Tensor], Tensor], n: int, num_draws: int, generator: torch.Generator | None
) -> RademacherComplexity:
    if n <= _EXHAUSTIVE:
        bits = torch.arange(2**n)[:, None] >> torch.arange(n) & 1
        return RademacherComplexity(float(supremum(2.0 * bits.double() - 1).mean()), 0.0, 2**n)
    drawn = supremum(_signs(max(num_draws, 2), n, generator))
    return RademacherComplexity(float(drawn.mean()), float(drawn.std()) / len(drawn) ** 0.5, len(drawn))


def _signs(num: int, n: int, generator: torch.Generator | None) -> Float[Tensor, "num n"]:
    return 2.0 * torch.randint(2, (num, n), generator=generator).double() - 1
