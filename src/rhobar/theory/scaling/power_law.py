"""Scaling laws: a loss that falls as a power of model size, data or compute towards a limit, with honest intervals.

    L(N) = E + A N^{−α}

is linear in E and A for a given α, so the least-squares fit is a search over α alone, and so are its profiles: the
interval of a quantity holds every value for which the best fit of the others is not significantly worse,

    S(value) − S_min ≤ t²_{n−3} S_min/(n − 3)      (or z² where standard errors are given).

The loss predicted at N₀ is profiled in the same way, with L = L₀ + A (N^{−α} − N₀^{−α}); E is its limit N₀ → ∞.

For L = E + A/N^α + B/D^β and a compute of 6ND, the best split is N ∝ C^{β/(α+β)}.

Textbook: B76

References:
    Hestness et al. (2017), Deep learning scaling is predictable, empirically.
    Hoffmann et al. (2022), Training compute-optimal large language models, eqs. (2) to (4).
    Bates and Watts (1988), Nonlinear regression analysis and its applications, section 6.1 (profiles).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.contracts import require_positive
from rhobar.theory.scaling.quantiles import normal_quantile, student_quantile

__all__ = ["Interval", "ScalingLaw", "compute_optimal", "extrapolated_loss", "fit_scaling_law"]

_EXPONENTS = torch.logspace(-2, 1, 121, dtype=torch.float64)


@dataclass(frozen=True)
class Interval:
    """A fitted number.

    Attributes:
        value: The least-squares estimate.
        low: Lower end of the profile interval.
        high: Upper end; where the data set no end, that of the search.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ScalingLaw:
    """L(N) = E + A N^{−α}, fitted.

    Attributes:
        limit: E ≥ 0.
        amplitude: A.
        exponent: α, sought between 0.01 and 10.
        residual: Root of Σ r²/(n − 3), r relative to the loss, or in units of the given errors.
        confidence: Of the intervals.
    """

    limit: Interval
    amplitude: float
    exponent: Interval
    residual: float
    confidence: float

    def __call__(self, size: float) -> float:
        """Return E + A N^{−α}."""
        return self.limit.value + self.amplitude * math.pow(size, -self.exponent.value)


def fit_scaling_law(
    sizes: Float[Tensor, " n"],
    losses: Float[Tensor, " n"],
    *,
    stderr: Float[Tensor, " n"] | None = None,
    confidence: float = 0.95,
) -> ScalingLaw:
    """Fit by weighted least squares, and give the intervals of E and α.

    Args:
        sizes: N > 0, at least four different ones.
        losses: L > 0.
        stderr: Of each loss; by default they are taken to err in proportion to the loss, by an unknown factor.
        confidence: Of the intervals.

    Example:
        >>> N = 10.0 ** torch.arange(2, 8, dtype=torch.float64)
        >>> law = fit_scaling_law(N, 1.5 + 20 * N**-0.3)
        >>> round(law.limit.value, 4), round(law.amplitude, 2), round(law.exponent.value, 4)
        (1.5, 20.0, 0.3)

    Textbook: B76
    """
    fit = _Fit.of(sizes, losses, stderr, confidence)
    exponent = fit.best(fit.free)
    _, A = fit.coefficients(exponent)
    low, high = fit.ends(fit.free, exponent, float(_EXPONENTS[0]), float(_EXPONENTS[-1]))
    return ScalingLaw(
        fit.profile(math.inf), A, Interval(exponent, low, high), math.sqrt(fit.least / fit.freedom), confidence
    )


def extrapolated_loss(
    sizes: Float[Tensor, " n"],
    losses: Float[Tensor, " n"],
    at: float,
    *,
    stderr: Float[Tensor, " n"] | None = None,
    confidence: float = 0.95,
) -> Interval:
    """The loss that the law predicts at another size, with its interval; one measurement there scatters in addition.

    Args:
        sizes: N of the measurements.
        losses: L.
        at: N₀.
        stderr: As for `fit_scaling_law`.
        confidence: Of the interval.

    Example:
        >>> N = 10.0 ** torch.arange(2, 8, dtype=torch.float64)
        >>> round(extrapolated_loss(N, 1.5 + 20 * N**-0.5, 1e10).value, 6)
        1.5002

    Textbook: B76
    """
    require_positive(at=at)
    return _Fit.of(sizes, losses, stderr, confidence).profile(at)


def compute_optimal(
    model: tuple[float, float], data: tuple[float, float], compute: float, *, cost: float = 6.0
) -> tuple[float, float]:
    """Return parameters N and samples D that minimise A/N^α + B/D^β for a compute of 6ND.

    N = G (C/6)^{β/(α+β)},   D = G⁻¹ (C/6)^{α/(α+β)},   G = (αA/βB)^{1/(α+β)}

    Args:
        model: A and α.
        data: B and β.
        compute: C.
        cost: Operations per parameter and sample.

    Example:
        >>> compute_optimal((1.0, 0.5), (1.0, 0.5), 600.0)
        (10.0, 10.0)

    Textbook: B76
    """
    (A, alpha), (B, beta) = model, data
    require_positive(A=A, alpha=alpha, B=B, beta=beta, compute=compute, cost=cost)
    G = math.pow(alpha * A / (beta * B), 1 / (alpha + beta))
    budget = compute / cost
    return G * math.pow(budget, beta / (alpha + beta)), math.pow(budget, alpha / (alpha + beta)) / G


@dataclass(frozen=True)
class _Fit:
    """The weighted samples, and sums of squares as functions of α."""

    N: Tensor  # over their geometric mean, so that A N^{−α} is well scaled
    L: Tensor
    weight: Tensor
    scale: float
    freedom: int
    quantile: float
    known: bool
    least: float = 0.0

    @classmethod
    def of(cls, sizes: Tensor, losses: Tensor, stderr: Tensor | None, confidence: float) -> "_Fit":
        N, L = sizes.double(), losses.double()
        n = len(N)
        if N.unique().numel() < 4 or not bool((N > 0).all() and (L > 0).all()) or not 0 < confidence < 1:
            raise ValueError(
                "Positive losses at four different sizes at least and a confidence in (0, 1) are needed, "
                f"got {L.tolist()} at {N.tolist()} and {confidence}."
            )
        weight = 1 / (L if stderr is None else stderr.double())
        tail = (1 + confidence) / 2
        quantile = normal_quantile(tail) if stderr is not None else student_quantile(tail, n - 3)
        scale = float(N.log().mean().exp())
        fit = cls(N / scale, L, weight, scale, n - 3, quantile, stderr is not None)
        best = float(fit.free(torch.tensor([fit.best(fit.free)], dtype=torch.float64))[0])
        return cls(N / scale, L, weight, scale, n - 3, quantile, stderr is not None, best)

    def coefficients(self, exponent: float) -> tuple[float, float]:
        E, A = (float(c) for c in self._solve(torch.tensor([exponent], dtype=torch.float64))[:2])
        return E, A * math.pow(self.scale, exponent)

    def free(self, exponents: Tensor) -> Tensor:
        """Sum of squares with E ≥ 0 and A at their best."""
        return self._solve(exponents)[2]

    def _solve(self, exponents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.N ** -exponents[:, None]
        w, y = self.weight.square(), self.L
        total, mean_x = w.sum(), (w * x).sum(1) / w.sum()
        mean_y = (w * y).sum() / total
        A = (w * (x - mean_x[:, None]) * (y - mean_y)).sum(1) / (w * (x - mean_x[:, None]).square()).sum(1)
        E = mean_y - A * mean_x
        alone = (w * x * y).sum(1) / (w * x.square()).sum(1)
        A, E = torch.where(E < 0, alone, A), E.clamp_min(0)
        return E, A, (w * (y - E[:, None] - A[:, None] * x).square()).sum(1)

    def fixed(self, value: float, at: float) -> Callable[[Tensor], Tensor]:
        """Sum of squares with the loss at N₀ held and A at its best."""

        def squares(exponents: Tensor) -> Tensor:
            origin = torch.pow(at / self.scale, -exponents[:, None])  # 0 for N₀ → ∞
            x = self.N ** -exponents[:, None] - origin
            w, y = self.weight.square(), self.L - value
            A = (w * x * y).sum(1) / (w * x.square()).sum(1)
            if at != math.inf:  # E = L₀ − A N₀^{−α} ≥ 0
                A = torch.minimum(A, value / origin[:, 0])
            return (w * (y - A[:, None] * x).square()).sum(1)

        return squares

    def best(self, squares: Callable[[Tensor], Tensor]) -> float:
        """The α of the least sum of squares, by grids that close in."""
        grid = _EXPONENTS
        for _ in range(3):
            k = int(squares(grid).argmin())
            low, high = grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)]
            grid = torch.linspace(float(low), float(high), 61, dtype=torch.float64)
        return float(grid[int(squares(grid).argmin())])

    def limit(self) -> float:
        """The sum of squares at the ends of an interval."""
        return self.least + self.quantile**2 * (1.0 if self.known else self.least / self.freedom)

    def ends(self, squares: Callable[[Tensor], Tensor], best: float, least: float, most: float) -> tuple[float, float]:
        """Where a function of one number passes the limit, on either side of its minimum."""

        def at(exponent: float) -> float:
            return float(squares(torch.tensor([exponent], dtype=torch.float64))[0])

        return _crossing(at, best, least, self.limit()), _crossing(at, best, most, self.limit())

    def profile(self, at: float) -> Interval:
        exponent = self.best(self.free)
        E, A = self.coefficients(exponent)
        value = E if at == math.inf else E + A * math.pow(at, -exponent)

        def squares(v: float) -> float:
            held = self.fixed(v, at)
            return float(held(torch.tensor([self.best(held)], dtype=torch.float64))[0])

        top = float(self.L.max()) if at == math.inf else 2 * max(value, float(self.L.max()))
        low, high = (_crossing(squares, value, end, self.limit()) for end in (0.0, top))
        return Interval(value, low, high)


def _crossing(f: Callable[[float], float], inside: float, end: float, limit: float) -> float:
    """Return where f passes the limit between a point below it and the end; the end if it never does."""
    if f(end) <= limit:
        return end
    outside = end
    for _ in range(20):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if f(middle) <= limit else (inside, middle)
    return outside
