"""Optimal transport: the least work that turns one set of samples into another.

    W_p(X, Y)^p = min over couplings π of Σ_ij π_ij ‖x_i − y_j‖^p

On a line the optimum matches sorted samples: W_1 = mean |x_(i) − y_(i)|. The sliced distance averages that over random
directions u, needs no solver, and is smaller:

    SW_p^p = E_u W_p(uᵀX, uᵀY)^p.

Between two draws of one distribution the distance of n samples is not zero; in many dimensions it falls only as
n^(−1/d). So it stands beside the distances within the pooled samples, dealt at random.

Textbook: B77[Fut].

References:
    Peyré and Cuturi (2019), Computational optimal transport, eqs. 2.11 and 2.33.
    Bonneel, Rabin, Peyré and Pfister (2015), Sliced and Radon Wasserstein barycenters of measures, section 2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.samples import checked_samples

__all__ = ["TransportDistance", "sliced_distance", "transport_distance"]


@dataclass(frozen=True)
class TransportDistance:
    """The distance of two sets of samples.

    Attributes:
        value: W_p or SW_p.
        stderr: Of the sliced distance, over directions; NaN for the exact one, which has no such error.
        null: Mean distance of two halves of the pooled samples, dealt at random.
        p_value: Share of such halves that are at least as far apart, (k + 1)/(m + 1).
    """

    value: float
    stderr: float
    null: float
    p_value: float


def transport_distance(
    x: Float[Tensor, "samples ..."],
    y: Float[Tensor, "others ..."],
    *,
    power: float = 2.0,
    num_permutations: int = 19,
    generator: torch.Generator | None = None,
) -> TransportDistance:
    """Return the exact Wasserstein distance; it needs the extra `transport` and grows as n³.

    Args:
        x: Samples along the first axis.
        y: Other samples with the same features; their number may differ.
        power: p.
        num_permutations: m, of the pooled samples, for `null`.
        generator: Deals them; by default one seeded with zero.

    Note:
        A `ValueError` is raised if there are fewer than two samples of either, features differ, or p is below 1.

    Example:
        >>> x = torch.tensor([[0.0], [1.0], [2.0]])
        >>> round(transport_distance(x, x + 3, num_permutations=1).value, 6)
        3.0
    """
    a, b = _checked(x, y, power)
    ot = _solver()

    def distance(a: Tensor, b: Tensor) -> tuple[float, float]:
        cost = torch.cdist(a, b) ** power
        uniform = [torch.full((m.shape[0],), 1 / m.shape[0], dtype=torch.float64).numpy() for m in (a, b)]
        work = float(ot.emd2(*uniform, cost.numpy(), numItermax=1_000_000))
        return max(work, 0.0) ** (1 / power), float("nan")

    return _beside_chance(distance, a, b, num_permutations, generator)


def sliced_distance(
    x: Float[Tensor, "samples ..."],
    y: Float[Tensor, "others ..."],
    *,
    power: float = 2.0,
    num_directions: int = 200,
    num_permutations: int = 19,
    generator: torch.Generator | None = None,
) -> TransportDistance:
    """Return the sliced Wasserstein distance, for many samples and features.

    Args:
        x: Samples along the first axis.
        y: Other samples with the same features; their number may differ.
        power: p.
        num_directions: Random directions.
        num_permutations: m, of the pooled samples, for `null`.
        generator: Source of directions and permutations; by default one seeded with zero.

    Raises:
        ValueError: If there are fewer than two directions, or as for `transport_distance`.

    Example:
        >>> x = torch.tensor([[0.0], [1.0], [2.0]])
        >>> round(sliced_distance(x, x + 3).value, 6)
        3.0
    """
    if num_directions < 2:
        raise ValueError(f"num_directions must be at least 2, got {num_directions}; one gives no standard error.")
    a, b = _checked(x, y, power)
    generator = generator or torch.Generator().manual_seed(0)
    U = torch.randn(a.shape[1], num_directions, generator=generator, dtype=torch.float64)
    U = U / torch.linalg.vector_norm(U, dim=0)

    def distance(a: Tensor, b: Tensor) -> tuple[float, float]:
        work = _on_lines(a @ U, b @ U, power)
        mean = work.mean().item()
        if mean <= 0:
            return 0.0, 0.0
        value = mean ** (1 / power)
        return value, (work.std() / num_directions**0.5).item() * value / (power * mean)

    return _beside_chance(distance, a, b, num_permutations, generator)


def _on_lines(a: Float[Tensor, "n lines"], b: Float[Tensor, "m lines"], p: float) -> Float[Tensor, " lines"]:
    """Return W_p^p on each line, ∫₀¹ |F⁻¹ − G⁻¹|^p, exactly also for different numbers of samples."""
    n, m = a.shape[0], b.shape[0]
    a, b = a.sort(0).values, b.sort(0).values
    cuts = torch.unique(torch.cat([torch.arange(1, n + 1) * m, torch.arange(1, m + 1) * n]))  # in units of 1/(n m)
    widths = torch.diff(cuts, prepend=torch.zeros(1, dtype=cuts.dtype)).double() / (n * m)
    i, j = (cuts - 1) // m, (cuts - 1) // n
    work: Tensor = widths @ (a[i] - b[j]).abs() ** p
    return work


def _beside_chance(
    distance: Callable[[Tensor, Tensor], tuple[float, float]],
    a: Tensor,
    b: Tensor,
    num_permutations: int,
    generator: torch.Generator | None,
) -> TransportDistance:
    value, stderr = distance(a, b)
    generator = generator or torch.Generator().manual_seed(0)
    pooled, others = torch.cat([a, b]), []
    for _ in range(num_permutations):
        order = torch.randperm(pooled.shape[0], generator=generator)
        others.append(distance(pooled[order[: a.shape[0]]], pooled[order[a.shape[0] :]])[0])
    null = sum(others) / len(others) if others else float("nan")
    beyond = sum(other >= value * (1 - 1e-12) for other in others)
    return TransportDistance(value, stderr, null, (beyond + 1) / (len(others) + 1))


def _checked(x: Tensor, y: Tensor, power: float) -> tuple[Tensor, Tensor]:
    a, b = checked_samples(x, "x"), checked_samples(y, "y")
    if a.shape[1] != b.shape[1] or power < 1:
        raise ValueError(
            f"x and y must have the same features and power be at least 1, got {a.shape[1]}, {b.shape[1]} and {power}."
        )
    return a, b


def _solver() -> Any:  # noqa: ANN401
    """Import POT.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        import ot
    except ImportError as error:
        raise ImportError(
            f"This needs POT ({error}); install the extra: pip install 'rhobar[transport]', or use sliced_distance."
        ) from error
    return ot
