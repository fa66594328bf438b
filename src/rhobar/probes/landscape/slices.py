"""Slices through the loss along filter-normalised random directions.

A random direction d has each filter scaled to the length of the parameters' own:

    d_ij ← d_ij / ‖d_ij‖ · ‖θ_ij‖      for filter j of layer i,

so that slices of nets that differ only by the scale of their filters, which batch norm or ReLU takes out, look alike.
Biases and norms' parameters have no filters and stay. Then L(θ + α a [+ β b]) is evaluated on a grid.

Batch norm in eval mode: see `rhobar.probes.landscape.surface`; statistics are kept unless `reestimate` is set, as in
the paper's code.

Reference: Li, Xu, Taylor, Studer and Goldstein (2018), Visualizing the loss landscape of neural nets, section 4.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.probes.curvature.risk import Batch, Loss
from rhobar.probes.landscape.surface import Surface

__all__ = ["Slice", "filter_normalized", "loss_slice", "paired_error"]


@dataclass(frozen=True)
class Slice:
    """Losses on a line or a grid; the model itself is at the origin.

    Attributes:
        offsets: α, and β alike, in units of the filters' own lengths.
        losses: L, of shape (points,) or (points of α, points of β).
        stderr: Standard errors over the samples, at each point.
        rise_stderr: Standard errors of L − L(origin), smaller since both are of the same samples.
        batch_norm: "none", "kept" or "reestimated".
    """

    offsets: Float[Tensor, " points"]
    losses: Float[Tensor, "points ..."] = field(repr=False)
    stderr: Float[Tensor, "points ..."] = field(repr=False)
    rise_stderr: Float[Tensor, "points ..."] = field(repr=False)
    batch_norm: str


def loss_slice(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    *,
    dims: int = 1,
    reach: float = 1.0,
    num_points: int = 21,
    reestimate: bool = False,
    generator: torch.Generator | None = None,
) -> Slice:
    """Evaluate the loss on a slice through the model's parameters.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        loss: `loss(model(inputs), targets)`, or `loss(model, batch)`; a mean over samples.
        batches: The data; of unequal batches each counts by its samples.
        dims: 1 or 2.
        reach: Largest offset on either side.
        num_points: Points along each direction, odd so that the model is one of them.
        reestimate: Whether to estimate batch norm's statistics anew at each point.
        generator: Source of the directions; by default one seeded with zero.

    Raises:
        ValueError: If there are other than one or two directions, or an even number of points.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> _ = nn.init.constant_(model.weight, 2.0)  # L = (θ − 2)², and a direction is ±2
        >>> batch = (torch.ones(3, 1), torch.full((3, 1), 2.0))
        >>> loss_slice(model, nn.MSELoss(), [batch], num_points=3).losses
        tensor([4., 0., 4.], dtype=torch.float64)
    """
    if dims not in (1, 2) or num_points < 3 or num_points % 2 == 0:
        raise ValueError(f"dims must be 1 or 2 and num_points odd, at least 3, got {dims} and {num_points}.")
    surface = Surface(model, loss, batches, reestimate=reestimate)
    generator = generator or torch.Generator().manual_seed(0)
    center = surface.start()
    directions = [filter_normalized(center, generator) for _ in range(dims)]
    offsets = torch.linspace(-reach, reach, num_points, dtype=torch.float64)
    grid = torch.cartesian_prod(*[offsets] * dims).reshape(-1, dims)
    origin = surface.at(center)
    values, errors, rises = [], [], []
    for steps in grid.tolist():
        level = surface.at(_moved(center, directions, steps))
        values.append(level.value)
        errors.append(level.stderr)
        rises.append(paired_error(level.terms, origin.terms))
    shape = (num_points,) * dims
    losses, stderr, rise = (torch.tensor(x, dtype=torch.float64).reshape(shape) for x in (values, errors, rises))
    handling = "none" if not surface.has_norm else "reestimated" if surface.reestimate else "kept"
    return Slice(offsets, losses, stderr, rise, handling)


def filter_normalized(center: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
    """Draw a direction with every filter as long as the parameters'; zero for those without filters."""
    found = {}
    for name, p in center.items():
        d = torch.randn(p.shape, generator=generator).to(p)
        if p.dim() < 2:
            found[name] = torch.zeros_like(p)
            continue
        size, own = (torch.linalg.vector_norm(t.flatten(1), dim=1) for t in (d, p))
        found[name] = d * (own / size.clamp_min(1e-30)).view(-1, *[1] * (p.dim() - 1))
    return found


def _moved(center: dict[str, Tensor], directions: list[dict[str, Tensor]], steps: list[float]) -> dict[str, Tensor]:
    return {name: p + sum(a * d[name] for a, d in zip(steps, directions, strict=True)) for name, p in center.items()}


def paired_error(terms: Tensor | None, origin: Tensor | None) -> float:
    """Return the standard error of the mean difference of two losses of the same samples; NaN without terms."""
    if terms is None or origin is None or terms.numel() < 2:
        return float("nan")
    return float((terms - origin).std() / terms.numel() ** 0.5)
