"""Gain over depth: by what factor each layer stretches the signal going up and the gradient coming down.

    forward    ρ_l = rms(φ(z_l)) / rms(x_l)                l = 1 … L
    backward   ρ_l = ‖dL/dz_l‖ / ‖dL/dz_{l+1}‖             l = 1 … L−1
    chain      Π_l ρ_l,        ρ̄ = (Π_l ρ_l)^{1/number of gains}

A signal survives L layers only if ρ̄ ≈ 1; its size after them is ρ̄ᴸ. The backward gain compares norms, not
root mean squares: a pooling or a change of width then leaves it near 1 when the same gradient is merely
spread thinner.

Reference: Poole et al. (2016); Schoenholz et al. (2017), Deep information propagation.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from rhobar.record import LayerReading, Moments, Reading

__all__ = ["IN_SEQUENCE", "DepthProfile", "backward_profile", "chain", "forward_profile", "typical_profile"]

IN_SEQUENCE = ("linear", "convolution", "recurrent")


@dataclass(frozen=True)
class DepthProfile:
    """Gains layer by layer, in the order of the forward pass.

    Attributes:
        names: The layer that each gain belongs to; backward, the layer at which the gradient arrives.
        gains: ρ_l ≥ 0 of each of them.

    Example:
        >>> profile = DepthProfile(("a", "b", "c"), (0.5, 0.1, 0.5))
        >>> round(profile.product, 4), round(profile.rho, 4), profile.breaking_layer
        (0.025, 0.2924, 'b')
    """

    names: tuple[str, ...]
    gains: tuple[float, ...]

    @property
    def product(self) -> float:
        """Π ρ_l: by what factor the whole depth stretches; NaN if a gain is."""
        return math.prod(self.gains) if self.gains else math.nan

    @property
    def rho(self) -> float:
        """ρ̄, the geometric mean of the gains."""
        if any(gain == 0 for gain in self.gains):
            return 0.0
        return math.exp(math.fsum(map(math.log, self.gains)) / len(self.gains)) if self.gains else math.nan

    @property
    def breaking_layer(self) -> str:
        """The layer whose gain is farthest, in ratio, from 1 on the side to which the chain leans."""
        lean = min if self.rho < 1 else max
        return self.names[self.gains.index(lean(self.gains))]


def chain(reading: Reading) -> tuple[LayerReading, ...]:
    """The layers that follow one another: no embeddings, no branches added back to their own input."""
    return tuple(layer for layer in reading.layers if layer.operation in IN_SEQUENCE and not layer.residual)


def forward_profile(reading: Reading) -> DepthProfile | None:
    """Forward gains of the layers in sequence; ``None`` if no layer showed both its ends."""
    gains = [(layer.name, gain) for layer in chain(reading) if (gain := layer.forward_gain) is not None]
    if not gains:
        return None
    return DepthProfile(tuple(name for name, _ in gains), tuple(gain for _, gain in gains))


def backward_profile(reading: Reading) -> DepthProfile | None:
    """Backward gains between the layers in sequence.

    Returns:
        One gain fewer than there are layers with a gradient; ``None`` with fewer than two of them, where a
        gradient is not finite, or where that of the last layer is zero (nothing is sent that could vanish).
    """
    seen = [(layer.name, _norm(layer.gradient)) for layer in chain(reading) if layer.gradient is not None]
    norms = [norm for _, norm in seen]
    if len(seen) < 2 or not all(map(math.isfinite, norms)) or norms[-1] == 0:
        return None
    gains = tuple(_ratio(below, above) for below, above in pairwise(norms))
    return DepthProfile(tuple(name for name, _ in seen[:-1]), gains)


def typical_profile(profiles: Iterable[DepthProfile | None]) -> DepthProfile | None:
    """The profile with the (lower) median chain product over several readings; ``None`` if there is none."""
    ranked = sorted((p for p in profiles if p is not None and not math.isnan(p.product)), key=lambda p: p.product)
    return ranked[(len(ranked) - 1) // 2] if ranked else None


def _norm(moments: Moments) -> float:
    """‖x‖₂ = rms · √size; NaN if any element is not finite."""
    return math.nan if moments.nonfinite > 0 else moments.rms * math.sqrt(moments.size)


def _ratio(numerator: float, denominator: float) -> float:
    """A ratio of norms in which nothing out of nothing is nothing: below a dead layer the gain stays 0."""
    return numerator / denominator if denominator > 0 else (0.0 if numerator == 0 else math.inf)
