"""Linear mode connectivity: is there a barrier on the straight line between two solutions?

    φ(t) = (1 − t) θ_A + t θ_B,      barrier = max_t [L(φ(t)) − (1 − t) L(θ_A) − t L(θ_B)]

Statistics of batch norm at a mean of two nets are those of neither, so they are estimated anew at every point unless
the model is in train mode, where each batch has its own.

Textbook: C-§9.2.1c.

References:
    Frankle et al. (2020), Linear mode connectivity and the lottery ticket hypothesis, section 2.
    Garipov et al. (2018), Loss surfaces, mode connectivity, and fast ensembling of DNNs, section 3.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.probes.curvature.risk import Batch, Loss
from rhobar.probes.estimate import Estimate
from rhobar.probes.landscape.slices import paired_error
from rhobar.probes.landscape.surface import Level, Surface

__all__ = ["Connectivity", "along", "linear_path", "other_end"]


@dataclass(frozen=True)
class Connectivity:
    """The loss along a path between two solutions.

    Attributes:
        barrier: Height above the line between the ends' losses; its error takes the samples of all as the same.
        at: t of the barrier.
        positions: t.
        losses: L(φ(t)).
        stderr: Standard errors over the samples.
        batch_norm: "none", "kept" or "reestimated".
    """

    barrier: Estimate
    at: float
    positions: Float[Tensor, " points"] = field(repr=False)
    losses: Float[Tensor, " points"]
    stderr: Float[Tensor, " points"] = field(repr=False)
    batch_norm: str


def linear_path(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    other: nn.Module | Mapping[str, Tensor],
    *,
    num_points: int = 21,
    reestimate: bool = True,
) -> Connectivity:
    """Follow the loss on the line from the model to another of the same architecture.

    Args:
        model: θ_A; it is left as it was.
        loss: `loss(model(inputs), targets)`, or `loss(model, batch)`; a mean over samples.
        batches: The data.
        other: θ_B, a model or a state dictionary.
        num_points: Points, ends included.
        reestimate: Whether to estimate batch norm's statistics anew at each point.

    Raises:
        ValueError: If there are fewer than three points, or parameters do not fit.

    Example:
        >>> a, b = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        >>> _ = nn.init.constant_(a.weight, 1.0), nn.init.constant_(b.weight, -1.0)
        >>> batch = (torch.ones(2, 1), torch.ones(2, 1))
        >>> loss = lambda y, target: (y**2 - target).square().mean()  # minima at ±1
        >>> linear_path(a, loss, [batch], b, num_points=3).barrier.value
        1.0
    """
    if num_points < 3:
        raise ValueError(f"num_points must be at least 3, got {num_points}: the ends and one between.")
    surface = Surface(model, loss, batches, reestimate=reestimate)
    first = surface.start()
    last = other_end(first, other)
    return along(surface, lambda t: {name: torch.lerp(p, last[name], t) for name, p in first.items()}, num_points)


def other_end(first: dict[str, Tensor], other: nn.Module | Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the other solution's parameters.

    Raises:
        ValueError: If a name is missing or a shape differs.
    """
    given = dict(other.named_parameters()) if isinstance(other, nn.Module) else dict(other)
    wrong = [name for name, p in first.items() if name not in given or given[name].shape != p.shape]
    if wrong:
        raise ValueError(
            f"Both ends must have the same parameters, but these are missing or of another shape: {wrong}."
        )
    return {name: given[name].detach().to(p) for name, p in first.items()}


def along(surface: Surface, path: Callable[[float], dict[str, Tensor]], num_points: int) -> Connectivity:
    """Evaluate the loss along a path."""
    t = torch.linspace(0, 1, num_points, dtype=torch.float64)
    levels: list[Level] = [surface.at(path(x)) for x in t.tolist()]
    losses = torch.tensor([level.value for level in levels], dtype=torch.float64)
    rise = losses - torch.lerp(losses[0], losses[-1], t)
    top = int(rise.nan_to_num(nan=torch.inf).argmax())
    a, b, c = levels[0].terms, levels[top].terms, levels[-1].terms
    chord = torch.lerp(a, c, t[top].item()) if a is not None and c is not None else None
    barrier = Estimate(rise[top].item(), paired_error(b, chord))
    stderr = torch.tensor([level.stderr for level in levels], dtype=torch.float64)
    handling = "none" if not surface.has_norm else "reestimated" if surface.reestimate else "kept"
    return Connectivity(barrier, t[top].item(), t, losses, stderr, handling)
