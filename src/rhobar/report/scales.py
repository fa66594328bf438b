"""Axes: from a measured value to a place on the page, and the round numbers to print beside it.

Every scale clamps: a value outside its range lands on the edge, so no measurement can leave the picture.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from rhobar.report.wording import number

__all__ = ["Linear", "Log", "Scale", "Symlog", "fit_log", "fit_value", "linear_ticks"]

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@runtime_checkable
class Scale(Protocol):
    """A monotone map from the values [low, high] to the pixels [start, end]."""

    @property
    def low(self) -> float:
        """Smallest value shown."""

    @property
    def high(self) -> float:
        """Largest value shown."""

    @property
    def start(self) -> float:
        """Pixel of the smallest value."""

    @property
    def end(self) -> float:
        """Pixel of the largest value."""

    def __call__(self, value: float) -> float:
        """Return the pixel of a finite value."""

    def ticks(self, count: int) -> list[tuple[float, str]]:
        """Return about `count` round values with their labels."""


def _between(share: float, start: float, end: float) -> float:
    return start + min(max(share, 0.0), 1.0) * (end - start)


def linear_ticks(low: float, high: float, count: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten within [low, high].

    Example:
        >>> linear_ticks(0.0, 2.3, 4)
        [0.0, 1.0, 2.0]
    """
    raw = high / max(count, 1) - low / max(count, 1)
    if not (math.isfinite(raw) and raw > 0):
        return [low]
    magnitude = 10.0 ** math.floor(math.log10(raw))
    if magnitude == 0.0:  # subnormal spans have no round numbers
        return [low, high]
    step = next((m * magnitude for m in (1, 2, 5, 10) if m * magnitude >= raw * 0.999), 10 * magnitude)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [k * step + 0.0 for k in range(first, last + 1)] if last - first <= 4 * count + 4 else [low, high]


@dataclass(frozen=True)
class Linear:
    """share = (v − low) / (high − low)."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a finite value."""
        # Halved before subtracting: the span of two doubles may exceed the largest double.
        span = self.high / 2 - self.low / 2
        return _between((value / 2 - self.low / 2) / span if span > 0 else 0.5, self.start, self.end)

    def ticks(self, count: int) -> list[tuple[float, str]]:
        """Return about `count` round values with their labels."""
        return [(v, number(v)) for v in linear_ticks(self.low, self.high, count)]


@dataclass(frozen=True)
class Log:
    """share = log(v / low) / log(high / low), for positive values; others land on the lower edge."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a finite value."""
        if value <= 0:
            return self.start
        span = math.log10(self.high) - math.log10(self.low)
        return _between((math.log10(value) - math.log10(self.low)) / span if span > 0 else 0.5, self.start, self.end)

    def ticks(self, count: int) -> list[tuple[float, str]]:
        """Return powers of ten; 1, 2, 5 times them where less than two of them would fit."""
        low, high = math.log10(self.low), math.log10(self.high)
        first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
        if last - first + 1 >= 2:
            stride = max(1, math.ceil((last - first + 1) / max(count, 1)))
            anchored = [k for k in range(first, last + 1) if k % stride == 0]
            return [(10.0**k, _power(k)) for k in anchored if 10.0**k > 0]
        fine = [m * 10.0**k for k in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 5)]
        inside = [v for v in fine if self.low * (1 - 1e-9) <= v <= self.high * (1 + 1e-9)]
        return [(v, number(v)) for v in inside]


@dataclass(frozen=True)
class Symlog:
    """share linear in asinh(v / unit): linear around 0, logarithmic on both sides."""

    low: float
    high: float
    start: float
    end: float
    unit: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a finite value."""
        low, high = self._bend(self.low), self._bend(self.high)
        return _between((self._bend(value) - low) / (high - low) if high > low else 0.5, self.start, self.end)

    def _bend(self, value: float) -> float:
        return math.asinh(min(max(value / self.unit, -1e300), 1e300))

    def ticks(self, count: int) -> list[tuple[float, str]]:
        """Return 0 and powers of ten of either sign."""
        first = math.ceil(math.log10(self.unit))
        last = math.floor(math.log10(max(abs(self.low), abs(self.high), self.unit)))
        stride = max(1, math.ceil(2 * (last - first + 1) / max(count, 1)))
        powers = range(first, last + 1, stride)
        both = [-(10.0**k) for k in reversed(powers)] + [0.0] + [10.0**k for k in powers]
        return [(v, number(v)) for v in both if self.low <= v <= self.high]


def _power(exponent: int) -> str:
    plain = {-3: "0.001", -2: "0.01", -1: "0.1", 0: "1", 1: "10", 2: "100", 3: "1,000"}
    return plain.get(exponent, "10" + str(exponent).translate(_SUPERSCRIPT))


def fit_log(values: Iterable[float], start: float, end: float, *, least: float = 10.0) -> Log:
    """Choose a logarithmic range around the positive values, at least a factor `least` wide."""
    usable = [v for v in values if 0 < v < math.inf] or [1.0]
    low, high = max(min(usable) / 1.25, 1e-305), min(max(usable) * 1.25, 1e305)
    if high / low < least:
        middle = math.sqrt(low) * math.sqrt(high)
        low, high = max(middle / math.sqrt(least), 1e-305), min(middle * math.sqrt(least), 1e305)
    return Log(low, max(high, low * 1.01), start, end)


def fit_value(values: Sequence[float], start: float, end: float, *, zero: bool = False) -> Scale:
    """Choose the scale that shows these values best.

    Logarithmic for positive values that span a factor of 30 or more, linear otherwise; bent (`Symlog`) where
    values of both signs hold outliers that would flatten everything else.
    """
    # Beyond ±1e300 spans overflow; such a value lands on the edge like any other outside the range.
    usable = sorted(min(max(v, -1e300), 1e300) for v in values if math.isfinite(v)) or [0.0, 1.0]
    low, high = usable[0], usable[-1]
    if low > 0 and high / low >= 30 and not zero:
        return fit_log(usable, start, end)
    body = usable[len(usable) // 20 : -(len(usable) // 20) or None]
    span = body[-1] / 2 - body[0] / 2
    if len(usable) >= 20 and (high / 2 - low / 2) > 20 * span > 0:
        unit = max(abs(usable[len(usable) // 2]), 2 * span, 1e-300)
        return Symlog(low, high, start, end, min(unit, 1e300))
    low = min(low, 0.0) if zero else low
    room = max((high / 2 - low / 2) * 0.12, abs(high) * 0.02, 1e-300)
    bottom = low if (zero or low >= 0) and low < room else low - room
    return Linear(bottom, high + room, start, end)
