"""The gains of the layers: how much each stretches the signal on its way in and the gradient on its way back.

    forward:   ρ_l = rms(φ(z_l)) / rms(x_l)
    backward:  ρ_l = rms(dL/dz_{l−1}) / rms(dL/dz_l)
    over depth: Π ρ, up to layer l from the data, and down to layer l from the loss

The products are taken by telescoping, as rms(φ(z_l)) / rms(x_1) and rms(dL/dz_l) / rms(dL/dz_L), so that they
stay true where branches are added and where one gain was not seen.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rhobar.record import LayerReading, Reading

__all__ = ["LayerGains", "gains", "mean_gain"]


@dataclass(frozen=True)
class LayerGains:
    """One layer's gains in one reading; ``None`` where a signal was not seen.

    Attributes:
        name: Path of the layer.
        occurrence: How often the name came before, for layers that are used more than once.
        forward: ρ of the signal.
        backward: ρ of the gradient.
        signal: Product of the forward gains from the data to this layer's output.
        gradient: Product of the backward gains from the loss to this layer's output.
    """

    name: str
    occurrence: int
    forward: float | None
    backward: float | None
    signal: float | None
    gradient: float | None


def gains(reading: Reading) -> tuple[LayerGains, ...]:
    """Compute the gains of every layer of a reading, in the order of the forward pass."""
    layers = reading.layers
    first = next((layer.input.rms for layer in layers if layer.input), None)
    last = next((_gradient(layer) for layer in reversed(layers) if layer.gradient), None)
    seen: Counter[str] = Counter()
    rows = []
    for i, layer in enumerate(layers):
        before = _gradient(layers[i - 1]) if i and not layer.reads_data else None
        rows.append(
            LayerGains(
                name=layer.name,
                occurrence=seen[layer.name],
                forward=layer.forward_gain,
                backward=_ratio(before, _gradient(layer)),
                signal=_ratio(layer.output.rms if layer.output else None, first),
                gradient=_ratio(_gradient(layer), last),
            )
        )
        seen[layer.name] += 1
    return tuple(rows)


def _gradient(layer: LayerReading) -> float | None:
    if layer.gradient is None:
        return None
    return layer.gradient.rms if layer.gradient.nonfinite == 0 else math.nan


def _ratio(above: float | None, below: float | None) -> float | None:
    if above is None or below is None or below == 0:
        return None
    return above / below


def mean_gain(values: Iterable[float | None]) -> float | None:
    """Return ρ̄, the geometric mean of the positive finite gains; ``None`` if there is none.

    Example:
        >>> mean_gain([0.5, 2.0, None])
        1.0
    """
    logs = [math.log(v) for v in values if v is not None and 0 < v < math.inf]
    return math.exp(math.fsum(logs) / len(logs)) if logs else None
