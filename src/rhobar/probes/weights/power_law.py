"""A power law in the tail of a sample, and whether it is one.

    p(x) = (α − 1)/x_min (x/x_min)^(−α),   x ≥ x_min;      α̂ = 1 + n/Σ ln(x_i/x_min),   stderr (α̂ − 1)/√n

x_min is where the Kolmogorov–Smirnov distance between the tail and its fit is least. Goodness of fit: the share of
samples from the fitted law (below x_min: drawn from the data) that are further from *their* fits than the data are.

Reference: Clauset, Shalizi and Newman (2009), Power-law distributions in empirical data, eqs. (3.1), (3.2), (3.9) and
section 4.1.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["PowerLaw", "fit_power_law"]

_CANDIDATES = 150
"""Values of x_min that are tried."""


@dataclass(frozen=True)
class PowerLaw:
    """A fitted tail.

    Attributes:
        alpha: α̂.
        alpha_stderr: Its standard error, for the x_min found.
        xmin: Where the tail begins.
        num_tail: Values in it.
        distance: The Kolmogorov–Smirnov distance of the tail from its fit.
        p_value: Probability of a distance no less if the law held: below 0.1 it is refused. NaN without bootstrap.
        p_stderr: Standard error of that, from the number of bootstrap samples.
    """

    alpha: float
    alpha_stderr: float
    xmin: float
    num_tail: int
    distance: float
    p_value: float
    p_stderr: float


def fit_power_law(
    x: Float[Tensor, " n"],
    *,
    min_tail: int = 10,
    num_bootstrap: int = 100,
    generator: torch.Generator | None = None,
) -> PowerLaw:
    """Fit a power law to the tail of positive numbers.

    Args:
        x: The numbers; zeros and negative ones are left out.
        min_tail: The least number of values in a tail.
        num_bootstrap: Samples for the p-value, whose error is at most 1/(2 √num_bootstrap); 0 for none.
        generator: Source of their randomness; by default one seeded with zero.

    Returns:
        The fit.

    Raises:
        ValueError: If there are fewer than `min_tail` different positive numbers, or one is not finite.

    Example:
        >>> u = (torch.arange(500.0) + 0.5) / 500
        >>> fit = fit_power_law(u ** (-1 / 1.5), num_bootstrap=0)  # quantiles of α = 2.5
        >>> round(fit.alpha, 1)
        2.5
    """
    generator = generator or torch.Generator().manual_seed(0)
    if not bool(x.isfinite().all()):
        raise ValueError("The numbers must be finite, got NaN or infinity.")
    positive = x[x > 0].double().cpu().sort().values
    if min_tail < 2 or positive.unique().numel() < max(min_tail, 2):
        raise ValueError(
            f"There must be {max(min_tail, 2)} different positive numbers at least, got {positive.unique().numel()}."
        )
    alpha, xmin, distance, tail = _fit(positive, min_tail)
    exceed = 0
    for _ in range(num_bootstrap):
        exceed += _fit(_resampled(positive, alpha, xmin, tail, generator), min_tail)[2] >= distance
    p = exceed / num_bootstrap if num_bootstrap else float("nan")
    p_stderr = (max(p * (1 - p), 0.25 / num_bootstrap) / num_bootstrap) ** 0.5 if num_bootstrap else float("nan")
    return PowerLaw(alpha, (alpha - 1) / tail**0.5, xmin, tail, distance, p, p_stderr)


def _fit(x: Tensor, min_tail: int) -> tuple[float, float, float, int]:
    """Return α, x_min, the distance and the size of the tail, for ascending x."""
    n = len(x)
    starts = torch.linspace(0, n - min_tail, min(_CANDIDATES, n - min_tail + 1)).long().unique()
    log = x.log()
    sums = log.flip(0).cumsum(0).flip(0)[starts]
    sizes = (n - starts).double()
    spread = sums - sizes * log[starts]  # Σ ln(x_i / x_min)
    alpha = 1 + sizes / spread.clamp_min(1e-300)
    place = torch.arange(n)[None] - starts[:, None]
    inside = place >= 0
    F = 1 - torch.exp((1 - alpha)[:, None] * (log[None] - log[starts][:, None]))
    above = ((place + 1) / sizes[:, None] - F).abs()
    below = (place / sizes[:, None] - F).abs()
    distance = torch.maximum(above, below).masked_fill(~inside, 0).max(1).values
    distance = distance.masked_fill(spread <= 0, float("inf"))
    k = int(distance.argmin())
    return alpha[k].item(), x[starts[k]].item(), distance[k].item(), int(sizes[k])


def _resampled(x: Tensor, alpha: float, xmin: float, tail: int, generator: torch.Generator) -> Tensor:
    n = len(x)
    body = x[: n - tail]
    u = torch.rand(n, generator=generator, dtype=torch.float64)
    drawn = xmin * (1 - u) ** (-1 / (alpha - 1))
    if len(body):
        from_body = torch.rand(n, generator=generator) >= tail / n
        chosen = torch.randint(len(body), (n,), generator=generator)
        drawn = torch.where(from_body, body[chosen], drawn)
    return drawn.sort().values
