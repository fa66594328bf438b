"""Sharpness: how much the loss rises within a small ball around the parameters.

    S = max_{‖T⁻¹ ε‖ ≤ r} L(θ + ε) − L(θ)

With T = I this is SAM's sharpness. It changes when a ReLU layer is multiplied by a factor and the next one divided by
it, although the function stays. With T = diag |θ| (adaptive, ASAM) the ball changes along with the parameters and S
does not. The maximum is sought by projected ascent from θ; SAM's one step is the first of it:

    ε = r T² g / ‖T g‖.

Textbook: B65[Opt].

References:
    Foret, Kleiner, Mobahi and Neyshabur (2021), Sharpness-aware minimization, eq. 2.
    Kwon, Kim, Park and Choi (2021), ASAM, definition 1 and eq. 5.
    Dinh, Pascanu, Bengio and Bengio (2017), Sharp minima can generalize for deep nets, theorem 4.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rhobar.probes.curvature.risk import Batch, Loss
from rhobar.probes.estimate import Estimate
from rhobar.probes.landscape.slices import paired_error
from rhobar.probes.landscape.surface import Surface

__all__ = ["Sharpness", "sam_sharpness"]


@dataclass(frozen=True)
class Sharpness:
    """The rise of the loss, a lower bound of the maximum.

    Attributes:
        rise: L(θ + ε) − L(θ) at the highest point found, with its error over the samples.
        first_step: The rise after SAM's one step.
        loss: L(θ).
        radius: r.
        adaptive: Whether T = diag |θ|.
        num_steps: Steps of ascent.
    """

    rise: Estimate
    first_step: Estimate
    loss: float
    radius: float
    adaptive: bool
    num_steps: int


def sam_sharpness(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    *,
    radius: float = 0.05,
    adaptive: bool = False,
    num_steps: int = 10,
) -> Sharpness:
    """Measure how much the loss rises within a ball.

    Args:
        model: Any module, in the mode that is meant; it is left as it was. In eval mode batch norm keeps
            its statistics.
        loss: As for `hessian`.
        batches: As for `hessian`.
        radius: r; in the adaptive form, relative to the parameters' size: 0.5 is usual.
        adaptive: Whether to use the form that does not change under rescaling.
        num_steps: Gradients taken in the search.

    Raises:
        ValueError: If the radius is not positive or there is no step.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> _ = nn.init.constant_(model.weight, 1.0)  # L = θ², rise = 2 r θ + r²
        >>> batch = (torch.ones(3, 1), torch.zeros(3, 1))
        >>> round(sam_sharpness(model, nn.MSELoss(), [batch], radius=0.1).rise.value, 4)
        0.21
    """
    if not radius > 0 or num_steps < 1:
        raise ValueError(f"radius must be positive and num_steps at least 1, got {radius} and {num_steps}.")
    surface = Surface(model, loss, batches)
    center = surface.start()
    scale = {name: p.abs() if adaptive else torch.ones_like(p) for name, p in center.items()}
    origin = surface.at(center)
    u = {name: torch.zeros_like(p) for name, p in center.items()}  # ε = T u, ‖u‖ ≤ r
    best, first = None, None
    for step in range(num_steps):
        point = {name: p + scale[name] * u[name] for name, p in center.items()}
        _, g = surface.gradient(point)
        along = {name: scale[name] * g[name] for name in g}
        size = _norm(along)
        if size == 0:
            break
        # the first step goes to the boundary, as SAM's does; later ones half as far each time they come there
        stride = radius if step == 0 else radius / 2
        u = _projected({name: u[name] + stride / size * along[name] for name in u}, radius)
        level = surface.at({name: p + scale[name] * u[name] for name, p in center.items()})
        rise = Estimate(level.value - origin.value, paired_error(level.terms, origin.terms))
        first = first or rise
        best = rise if best is None or rise.value > best.value else best
    flat = Estimate(0.0, 0.0)  # no gradient at all: a stationary point to first order, where SAM's step is undefined
    return Sharpness(best or flat, first or flat, origin.value, radius, adaptive, num_steps)


def _projected(u: dict[str, Tensor], radius: float) -> dict[str, Tensor]:
    size = _norm(u)
    return u if size <= radius else {name: x * (radius / size) for name, x in u.items()}


def _norm(parts: dict[str, Tensor]) -> float:
    return float(sum(x.double().square().sum().item() for x in parts.values()) ** 0.5)
