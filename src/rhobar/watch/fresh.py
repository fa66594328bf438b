"""Does a weight still stand as an initialiser drew it? The shape of its distribution tells.

A uniform draw on [−b, b] ends sharply at the b of its scheme: of n values none lies beyond, the largest lies below
b(1 − 8/n) with probability e⁻⁸, and the kurtosis is 9/5. A normal draw has kurtosis 3, as trained weights may have;
it counts as fresh only where its deviation is that of a standard scheme, to within three standard errors:

    se(kurtosis) = √(24/n),   se(skewness) = √(6/n),   se(σ) = σ/√(2n)   for n normal values,

and √(1.32/n) for the kurtosis of n uniform ones (μ₈ − 4 β μ₆ + 4 β³ − β² with β = 9/5, μ₆ = 27/7, μ₈ = 9).

Reference: Kendall & Stuart (1977), The advanced theory of statistics, vol. 1, ch. 12.
"""

import math

from torch import Tensor

__all__ = ["fans", "looks_fresh"]

FEWEST = 64
BERT = 0.02
"""Deviation that language models since GPT and BERT draw all their matrices with."""


def looks_fresh(sample: Tensor, shape: tuple[int, ...]) -> bool:
    """Whether a sample of a matrix looks as if it had just been drawn.

    Args:
        sample: At least 64 of its elements in float64.
        shape: Its shape, for the fans of the standard schemes.

    Example:
        >>> import torch
        >>> drawn = torch.nn.Linear(64, 32).weight.detach().flatten()[:512].double()
        >>> looks_fresh(drawn, (32, 64)), looks_fresh(drawn + 0.3 * drawn.mean() + drawn**3 * 40, (32, 64))
        (True, False)
    """
    n = sample.numel()
    if len(shape) < 2 or n < FEWEST:
        return False
    centred = sample - sample.mean()
    variance = float(centred.square().mean())
    if not 0 < variance < math.inf:
        return False
    sigma = math.sqrt(variance)
    skewness = float((centred / sigma).pow(3).mean())
    kurtosis = float((centred / sigma).pow(4).mean())
    largest = float(sample.abs().max())
    if abs(kurtosis - 1.8) < 4 * math.sqrt(1.32 / n):
        return any(bound * (1 - 8 / n) <= largest <= bound * (1 + 1e-6) for bound in _bounds(shape))
    if abs(kurtosis - 3) > 3 * math.sqrt(24 / n) or abs(skewness) > 3 * math.sqrt(6 / n):
        return False
    return any(abs(sigma / scheme - 1) < 3 / math.sqrt(2 * n) for scheme in _deviations(shape))


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan-in, fan-out) as torch's initialisers count them; zeros for vectors."""
    if len(shape) < 2:
        return 0, 0
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _bounds(shape: tuple[int, ...]) -> tuple[float, ...]:
    """Ends of torch's default, He's, LeCun's and Xavier's uniform draws; recurrent cells use 1/√(units)."""
    fan_in, fan_out = fans(shape)
    ends = {1 / math.sqrt(fan_in), *(math.sqrt(k / f) for k in (3, 6) for f in (fan_in, fan_out))}
    cells = {1 / math.sqrt(fan_out / gates) for gates in (1, 3, 4)}
    return (*ends, *cells, math.sqrt(6 / (fan_in + fan_out)))


def _deviations(shape: tuple[int, ...]) -> tuple[float, ...]:
    """Deviations of LeCun's, He's and Xavier's normal draws, of an embedding's, and of language models'."""
    fan_in, fan_out = fans(shape)
    schemes = (1 / math.sqrt(fan_in), math.sqrt(2 / fan_in), math.sqrt(2 / fan_out), math.sqrt(2 / (fan_in + fan_out)))
    return (*schemes, 1.0, BERT)
