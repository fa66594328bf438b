"""Curved mode connectivity: a path of low loss between two solutions, trained.

    φ(t) = (1 − t)² θ_A + 2 t (1 − t) θ + t² θ_B,      min over θ of E_{t ~ U(0, 1)} L(φ(t))

∂φ/∂θ = 2 t (1 − t), so a step takes one gradient at φ(t).

Textbook: C-§9.2.1c.

Reference: Garipov et al. (2018), Loss surfaces, mode connectivity, and fast ensembling of DNNs, eqs. 2 and 4.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from rhobar.probes.curvature.risk import Batch, Loss
from rhobar.probes.landscape.connectivity import Connectivity, along, other_end
from rhobar.probes.landscape.surface import Surface

__all__ = ["BezierPath", "bezier_path"]


@dataclass(frozen=True)
class BezierPath:
    """The trained curve beside the straight line.

    Attributes:
        curve: Losses along the curve.
        line: Losses along the line, at which the training started.
        middle: θ, by name.
        num_steps: Gradients that were taken.
    """

    curve: Connectivity
    line: Connectivity
    middle: dict[str, Tensor] = field(repr=False)
    num_steps: int


def bezier_path(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    other: nn.Module | Mapping[str, Tensor],
    *,
    num_steps: int = 200,
    lr: float = 0.03,
    num_points: int = 21,
    reestimate: bool = True,
    generator: torch.Generator | None = None,
) -> BezierPath:
    """Train a quadratic Bézier curve from the model to another one.

    Args:
        model: θ_A; it is left as it was. In train mode batch norm uses each batch's own statistics.
        loss: As for `linear_path`.
        batches: The data that the curve is trained and judged on.
        other: θ_B, a model or a state dictionary.
        num_steps: Steps of Adam, one full gradient each.
        lr: Its learning rate, cosine to zero.
        num_points: Points at which the path is judged.
        reestimate: As for `linear_path`; in training, too, where the model is in eval mode.
        generator: Source of t; by default one seeded with zero.

    Raises:
        ValueError: If there is no step or fewer than three points, or parameters do not fit.

    Example:
        >>> a, b = nn.Linear(2, 1, bias=False), nn.Linear(2, 1, bias=False)
        >>> a.load_state_dict({"weight": torch.tensor([[1.0, 0.1]])}), b.load_state_dict({"weight": -a.weight.data})
        (<All keys matched successfully>, <All keys matched successfully>)
        >>> circle = lambda y, targets: (y.square().sum() - 1).square()  # of the weights themselves: minima on a circle
        >>> batch = (torch.eye(2), torch.zeros(2))
        >>> found = bezier_path(a, circle, [batch], b, num_steps=100)
        >>> found.line.barrier.value > 0.9, found.curve.barrier.value < 0.5
        (True, True)
    """
    if num_steps < 1 or num_points < 3:
        raise ValueError(f"num_steps must be at least 1 and num_points 3, got {num_steps} and {num_points}.")
    surface = Surface(model, loss, batches, reestimate=reestimate)
    first = surface.start()
    last = other_end(first, other)
    generator = generator or torch.Generator().manual_seed(0)
    with torch.inference_mode(False):
        middle = {name: torch.lerp(p, last[name], 0.5).clone() for name, p in first.items()}
        optimizer = torch.optim.Adam(middle.values(), lr=lr)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, num_steps)
        for _ in range(num_steps):
            t = torch.rand((), generator=generator).item()
            _, g = surface.gradient(_point(first, middle, last, t))
            for name, p in middle.items():
                p.grad = 2 * t * (1 - t) * g[name]
            optimizer.step()
            schedule.step()
    curve = along(surface, lambda t: _point(first, middle, last, t), num_points)
    line = along(surface, lambda t: {name: torch.lerp(p, last[name], t) for name, p in first.items()}, num_points)
    return BezierPath(curve, line, {name: p.detach() for name, p in middle.items()}, num_steps)


def _point(first: dict[str, Tensor], middle: dict[str, Tensor], last: dict[str, Tensor], t: float) -> dict[str, Tensor]:
    s = 1 - t
    return {name: s * s * a + 2 * t * s * middle[name].detach() + t * t * last[name] for name, a in first.items()}
