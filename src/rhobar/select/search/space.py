"""What may be varied: names with intervals, whole numbers or choices."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

__all__ = ["Choice", "Integer", "Parameter", "Real", "Space", "draw", "values_of"]


@dataclass(frozen=True)
class Real:
    """A number between two ends.

    Attributes:
        low: Lower end, included.
        high: Upper end, included.
        log: Uniform in the logarithm, as suits learning rates and decays.

    Raises:
        ValueError: Unless low < high, and 0 < low for a logarithm.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        _check(self.low, self.high, self.log)


@dataclass(frozen=True)
class Integer:
    """A whole number between two ends.

    Attributes:
        low: Lower end, included.
        high: Upper end, included.
        log: Uniform in the logarithm, as suits widths and batch sizes.

    Raises:
        ValueError: Unless low < high, and 0 < low for a logarithm.
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        _check(self.low, self.high, self.log)


@dataclass(frozen=True)
class Choice:
    """One of several values without an order.

    Attributes:
        values: Strings, numbers, truth values or ``None``.

    Raises:
        ValueError: If there is no value.
    """

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("A choice must have a value at least, got none.")


Parameter = Real | Integer | Choice
Space = Mapping[str, Parameter]
"""Name ↦ what it may be."""


def draw(parameter: Parameter, generator: torch.Generator | None = None) -> Any:  # noqa: ANN401
    """Draw a value: uniform over the interval, its logarithm or the choices.

    Args:
        parameter: What it may be.
        generator: Source of randomness.

    Returns:
        A float, an int or one of the choices.

    Example:
        >>> draw(Choice(("adam",)))
        'adam'
    """
    if isinstance(parameter, Choice):
        return parameter.values[int(torch.randint(len(parameter.values), (), generator=generator))]
    share = float(torch.rand((), generator=generator, dtype=torch.float64))
    if isinstance(parameter, Integer):  # each whole number owns the interval of half a unit around it
        value = round(_at(parameter.low - 0.5, parameter.high + 0.5, share, parameter.log))
        return min(max(value, parameter.low), parameter.high)
    return _at(parameter.low, parameter.high, share, parameter.log)


def values_of(parameter: Parameter, num_points: int) -> Sequence[Any]:
    """Spread values evenly over a parameter, both ends included; a choice gives all its values.

    Args:
        parameter: What it may be.
        num_points: How many; fewer where there are fewer whole numbers.

    Returns:
        The values, ascending.

    Raises:
        ValueError: If fewer than two points are asked for.

    Example:
        >>> list(values_of(Real(0.01, 1.0, log=True), 3))
        [0.01, 0.1, 1.0]
    """
    if num_points < 2:
        raise ValueError(f"num_points must be at least 2, got {num_points}; both ends belong to a grid.")
    if isinstance(parameter, Choice):
        return parameter.values
    shares = [i / (num_points - 1) for i in range(num_points)]
    spread = [_at(parameter.low, parameter.high, share, parameter.log) for share in shares]
    if isinstance(parameter, Integer):
        return sorted({round(v) for v in spread})
    return [parameter.low, *(float(f"{v:.12g}") for v in spread[1:-1]), parameter.high]


def _at(low: float | int, high: float | int, share: float, log: bool) -> float:
    return low * (high / low) ** share if log else low + (high - low) * share


def _check(low: float | int, high: float | int, log: bool) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high) or (log and low <= 0):
        raise ValueError(f"An interval needs finite ends low < high, and 0 < low for a logarithm; got {low}, {high}.")
