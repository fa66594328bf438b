"""Long series made short without hiding what matters: every spike stays, every gap stays."""

import math
from collections.abc import Sequence
from itertools import accumulate

__all__ = ["Point", "decimate", "holes", "running_mean"]

Point = tuple[float, float]


def decimate(points: Sequence[Point], limit: int = 600) -> list[Point]:
    """Keep the smallest and the largest value of each of limit/2 equal stretches, in their order.

    A stretch that holds a non-finite value ends with one (NaN), where a line must break.

    Example:
        >>> decimate([(0.0, 1.0), (1.0, 9.0), (2.0, 2.0), (3.0, 2.0), (4.0, 0.0), (5.0, 3.0)], limit=4)
        [(0.0, 1.0), (1.0, 9.0), (4.0, 0.0), (5.0, 3.0)]
    """
    if len(points) <= limit:
        return [p if math.isfinite(p[1]) else (p[0], math.nan) for p in points]
    buckets = max(limit // 2, 1)
    kept: list[Point] = []
    for b in range(buckets):
        stretch = points[b * len(points) // buckets : (b + 1) * len(points) // buckets]
        finite = [p for p in stretch if math.isfinite(p[1])]
        if finite:
            extremes = {min(finite, key=lambda p: p[1]), max(finite, key=lambda p: p[1])}
            kept += sorted(extremes)
        if len(finite) < len(stretch):
            kept.append((stretch[-1][0], math.nan))
    return kept


def holes(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Return the stretches (first x, last x) over which values are not finite.

    Example:
        >>> holes([(0.0, 1.0), (1.0, math.nan), (2.0, math.inf), (3.0, 1.0)])
        [(1.0, 2.0)]
    """
    found: list[tuple[float, float]] = []
    inside = False
    for x, y in points:
        if math.isfinite(y):
            inside = False
            continue
        if inside:
            found[-1] = (found[-1][0], x)
        else:
            found.append((x, x))
        inside = True
    return found


def running_mean(values: Sequence[float], window: int) -> list[float]:
    """Average the finite values within window/2 on either side; NaN where there is none.

    Example:
        >>> running_mean([0.0, 3.0, 6.0, math.nan], 3)
        [1.5, 3.0, 4.5, 6.0]
    """
    half = max(window // 2, 0)
    scale = max((abs(v) for v in values if math.isfinite(v)), default=1.0) or 1.0
    finite = [v / scale if math.isfinite(v) else 0.0 for v in values]
    sums = [0.0, *accumulate(finite)]
    counts = [0, *accumulate(int(math.isfinite(v)) for v in values)]
    means = []
    for i in range(len(values)):
        low, high = max(i - half, 0), min(i + half + 1, len(values))
        n = counts[high] - counts[low]
        means.append(scale * ((sums[high] - sums[low]) / n) if n else math.nan)
    return means
