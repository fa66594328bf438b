"""What the bounds demand of their numbers. Each check says what must hold and what came."""

import math

__all__ = ["require_confidence", "require_positive", "require_unit"]


def require_confidence(num_samples: float | int, delta: float) -> None:
    """Refuse a number of samples below one, or δ outside (0, 1).

    Raises:
        ValueError: If either is.

    Example:
        >>> require_confidence(10, 0.05)
    """
    if not num_samples >= 1 or not 0 < delta < 1:
        raise ValueError(f"num_samples must be at least 1 and delta in (0, 1), got {num_samples} and {delta}.")


def require_unit(**numbers: float | int) -> None:
    """Refuse a number outside [0, 1], NaN included; scale a bounded loss to that range first.

    Raises:
        ValueError: If there is one.

    Example:
        >>> require_unit(empirical=0.25)
    """
    for name, number in numbers.items():
        if not 0 <= number <= 1:
            raise ValueError(f"{name} must lie in [0, 1], got {number}; divide a bounded loss by its range.")


def require_positive(**numbers: float | int) -> None:
    """Refuse a number that is not positive and finite.

    Raises:
        ValueError: If there is one.

    Example:
        >>> require_positive(radius=2.0)
    """
    for name, number in numbers.items():
        if not 0 < number < math.inf:
            raise ValueError(f"{name} must be positive and finite, got {number}.")
