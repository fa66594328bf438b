"""Where to look: a grid, or at random.

If only one of d parameters matters, n random points try n values of it and a grid of n points only n^{1/d}: that is why
random search beats the grid (Bergstra and Bengio), more than any curse of dimensionality.

Reference: Bergstra and Bengio (2012), Random search for hyper-parameter optimization, figure 1.
Textbook: C-§10.1.2.
"""

import itertools
from collections.abc import Mapping
from typing import Any

import torch

from rhobar.select.search.space import Space, draw, values_of

__all__ = ["grid_points", "random_points"]


def grid_points(space: Space, num_points: int | Mapping[str, int] = 3) -> list[dict[str, Any]]:
    """Combine evenly spread values of every parameter, the last parameter varying fastest.

    Args:
        space: Name ↦ what it may be.
        num_points: Values a parameter, or of each by name.

    Returns:
        The product of all values.

    Raises:
        ValueError: If the space is empty, or a name has no number of points.

    Example:
        >>> from rhobar.select import Choice, Real
        >>> grid_points({"lr": Real(0.1, 1.0), "nesterov": Choice((True,))}, 2)
        [{'lr': 0.1, 'nesterov': True}, {'lr': 1.0, 'nesterov': True}]

    Textbook: C-§10.1.2.
    """
    if not space:
        raise ValueError("A space must name a parameter at least, got none.")
    counts = dict.fromkeys(space, num_points) if isinstance(num_points, int) else num_points
    if missing := [name for name in space if name not in counts]:
        raise ValueError(f"num_points must hold every parameter of the space, it lacks {', '.join(missing)}.")
    lists = [values_of(parameter, counts[name]) for name, parameter in space.items()]
    return [dict(zip(space, values, strict=True)) for values in itertools.product(*lists)]


def random_points(space: Space, num_points: int, *, generator: torch.Generator | None = None) -> list[dict[str, Any]]:
    """Draw every parameter independently.

    Args:
        space: Name ↦ what it may be.
        num_points: How many points.
        generator: Source of randomness.

    Returns:
        The points.

    Example:
        >>> from rhobar.select import Choice
        >>> random_points({"optimizer": Choice(("sgd",))}, 2)
        [{'optimizer': 'sgd'}, {'optimizer': 'sgd'}]

    Textbook: C-§10.1.2.
    """
    return [{name: draw(parameter, generator) for name, parameter in space.items()} for _ in range(num_points)]
