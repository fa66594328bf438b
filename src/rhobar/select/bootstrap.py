"""Bootstrap intervals: how much would a statistic vary if the samples were drawn again?

Draw n of the n samples with replacement, B times; the spread of the statistic over the draws is its standard error.
The percentile interval is [G⁻¹(α), G⁻¹(1 − α)] with G the draws' distribution. The bias-corrected and accelerated
interval (BCa) moves both ends,

    α₁ = Φ(z₀ + (z₀ + z_α)/(1 − a(z₀ + z_α))),   z₀ = Φ⁻¹(G(θ̂)),   a = Σ(θ̄ − θ_i)³ / (6 (Σ(θ̄ − θ_i)²)^{3/2}),

with θ_i the statistic without sample i (jackknife). It is second-order correct: its coverage errs by O(1/n) where the
percentile interval errs by O(1/√n), and it is invariant to monotone transformations.

References:
    Efron (1979), Bootstrap methods: another look at the jackknife.
    Efron (1987), Better bootstrap confidence intervals, eq. (2.3) and (6.6).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

__all__ = ["Bootstrap", "bca_levels", "bootstrap"]


@dataclass(frozen=True)
class Bootstrap:
    """A statistic and how far it can be trusted.

    Attributes:
        value: The statistic of the samples.
        stderr: Its standard error: the standard deviation over the draws.
        low: Lower end of the interval.
        high: Upper end.
        confidence: Of the interval.
        num_draws: B.
    """

    value: float
    stderr: float
    low: float
    high: float
    confidence: float
    num_draws: int


def bootstrap(
    samples: Shaped[Tensor, " n *shape"],
    statistic: Callable[[Tensor], Tensor | float],
    *,
    confidence: float = 0.95,
    num_draws: int = 2000,
    method: Literal["bca", "percentile"] = "bca",
    generator: torch.Generator | None = None,
) -> Bootstrap:
    """Resample the rows and return an interval of the statistic.

    Args:
        samples: One row a sample; rows must be independent (for grouped data, one row a group).
        statistic: Rows ↦ a number; it must not depend on their order.
        confidence: 1 − 2α.
        num_draws: B; the ends of a 95 % interval vary by about 1/√B of the standard error times 2.7.
        method: ``bca`` or ``percentile``.
        generator: Draws the rows.

    Returns:
        The statistic with its standard error and interval.

    Raises:
        ValueError: If there are fewer than two samples, the confidence is not in (0, 1), there are fewer than 20 draws,
            or the method is unknown.

    Example:
        >>> heights = torch.arange(40.0)
        >>> found = bootstrap(heights, torch.mean, generator=torch.Generator().manual_seed(0))
        >>> found.value, round(found.stderr, 1), found.low < 19.5 < found.high
        (19.5, 1.8, True)

    Textbook: B69.
    """
    n = samples.shape[0]
    if n < 2 or num_draws < 20 or not 0 < confidence < 1 or method not in ("bca", "percentile"):
        raise ValueError(
            "At least 2 samples, 20 draws, a confidence in (0, 1) and the method 'bca' or 'percentile' are needed; "
            f"got {n}, {num_draws}, {confidence} and {method!r}."
        )
    value = float(statistic(samples))
    rows = torch.randint(n, (num_draws, n), generator=generator)
    drawn = torch.tensor([float(statistic(samples[row])) for row in rows], dtype=torch.float64)
    alpha = (1 - confidence) / 2
    levels = (alpha, 1 - alpha)
    if method == "bca":
        left = [float(statistic(torch.cat([samples[:i], samples[i + 1 :]]))) for i in range(n)]
        levels = bca_levels(drawn, value, torch.tensor(left, dtype=torch.float64), alpha)
    low, high = torch.quantile(drawn, torch.tensor(levels, dtype=torch.float64)).tolist()
    return Bootstrap(value, float(drawn.std()), low, high, confidence, num_draws)


def bca_levels(
    drawn: Float[Tensor, " draws"], value: float, left_out: Float[Tensor, " n"], alpha: float
) -> tuple[float, float]:
    """Return the quantile levels (α₁, α₂) of the BCa interval; (α, 1 − α) where there is neither bias nor skew.

    Args:
        drawn: The statistic of each draw.
        value: θ̂.
        left_out: θ_i.
        alpha: α.
    """
    normal = NormalDist()
    below = float((drawn < value).double().mean() + (drawn == value).double().mean() / 2)  # ties count by half
    B = drawn.numel()
    z0 = normal.inv_cdf(min(max(below, 0.5 / B), 1 - 0.5 / B))
    d = left_out.mean() - left_out
    spread = float(d.square().sum())
    a = float(d.pow(3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0

    def level(z: float) -> float:
        shifted = 1 - a * (z0 + z)
        return normal.cdf(z0 + (z0 + z) / shifted) if shifted > 0 else float(z > 0)

    low, high = level(normal.inv_cdf(alpha)), level(normal.inv_cdf(1 - alpha))
    return (low, high) if math.isfinite(low + high) else (alpha, 1 - alpha)
