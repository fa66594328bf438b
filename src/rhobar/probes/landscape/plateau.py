"""Plateaus: a gradient that is small although nothing has been reached.

Two measures that do not depend on the scale of the loss or of the parameters:

    slope   ‖G‖ ‖θ‖ / L                    change of log L for a change of θ by its own size, along the gradient
    width   the smallest s with |L(θ − s ‖θ‖ G/‖G‖) − L(θ)| > 1 % of L, up to `reach`

G is the gradient of the risk; ‖G‖² is estimated without the bias that noise of the samples brings. At a minimum with
a small loss L the slope is not small unless θ is exact; on a plateau the loss stays high, the slope is near zero and
the width large.

Textbook: B64.

Reference: Goodfellow, Bengio and Courville (2016), Deep learning, section 8.2.3.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import nn

from rhobar.probes.curvature.risk import Batch, Loss
from rhobar.probes.estimate import Estimate
from rhobar.probes.landscape.surface import Surface
from rhobar.probes.noise import gradient_noise

__all__ = ["Plateau", "plateau"]


@dataclass(frozen=True)
class Plateau:
    """How flat it is where the model stands.

    Attributes:
        slope: ‖G‖ ‖θ‖ / L; zero if G is lost in the noise, and then the error says how large it may be.
        width: In units of ‖θ‖; infinite beyond `reach`.
        loss: L.
        reach: The farthest that was tried.
    """

    slope: Estimate
    width: float
    loss: Estimate
    reach: float


def plateau(
    model: nn.Module, loss: Loss, batches: Iterable[Batch], *, share: float = 0.01, reach: float = 10.0
) -> Plateau:
    """Measure the slope relative to loss and parameters, and how far the loss stays the same.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        loss: `loss(model(inputs), targets)`, the mean over the samples.
        batches: Pairs (inputs, targets), of three samples at least in all.
        share: Change of the loss that ends the plateau.
        reach: The farthest step, in units of ‖θ‖.

    Raises:
        ValueError: If the share or reach is not positive, or as for `gradient_noise`.

    Example:
        >>> import torch
        >>> model = nn.Linear(1, 1, bias=False)
        >>> _ = nn.init.constant_(model.weight, 2.0)  # L = θ², so the slope is 2
        >>> found = plateau(model, nn.MSELoss(), [(torch.ones(4, 1), torch.zeros(4, 1))])
        >>> round(found.slope.value, 4), round(found.width, 3)
        (2.0, 0.005)
    """
    if not share > 0 or not reach > 0:
        raise ValueError(f"share and reach must be positive, got {share} and {reach}.")
    batches = list(batches)
    surface = Surface(model, loss, batches)
    center = surface.start()
    level = surface.at(center)
    _, g = surface.gradient(center)
    noise = gradient_noise(model, loss, batches)
    size = sum(p.double().square().sum().item() for p in center.values()) ** 0.5
    norm = sum(x.double().square().sum().item() for x in g.values()) ** 0.5
    G = max(noise.square, 0.0) ** 0.5
    error = noise.square_stderr / (2 * G) if G > 0 else noise.square_stderr**0.5
    factor = size / level.value if level.value > 0 else float("nan")
    width = float("inf")
    if norm > 0 and size > 0:
        unit = {name: x / norm for name, x in g.items()}

        def changed(s: float) -> bool:
            there = surface.at({name: p - s * size * unit[name] for name, p in center.items()})
            return not abs(there.value - level.value) <= share * abs(level.value)

        width = _first(changed, reach)
    return Plateau(Estimate(G * factor, error * factor), width, Estimate(level.value, level.stderr), reach)


def _first(changed: Callable[[float], bool], reach: float) -> float:
    """Return the smallest step at which it is changed, by doubling and then halving to 1 %."""
    low, high = 0.0, reach * 2.0**-30
    while not changed(high):
        low, high = high, 2 * high
        if high > reach:
            return float("inf")
    while high - low > 0.01 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if changed(middle) else (middle, high)
    return high
