"""The data sets by name."""

from collections.abc import Callable
from typing import Any

from rhobar.train.data.dataset import DataSet
from rhobar.train.data.digits import digits
from rhobar.train.data.karate import karate
from rhobar.train.data.mnist1d import mnist1d
from rhobar.train.data.mnist5k import mnist5k
from rhobar.train.data.sunspots import sunspots
from rhobar.train.data.synthetic import reverse, sort
from rhobar.train.data.text import text

__all__ = ["DATASETS", "load"]

DATASETS: dict[str, Callable[..., DataSet]] = {
    "digits": digits,
    "mnist5k": mnist5k,
    "mnist1d": mnist1d,
    "sunspots": sunspots,
    "karate": karate,
    "text": text,
    "reverse": reverse,
    "sort": sort,
}
"""Name ↦ what reads or makes it, from a seed and its own options."""


def load(name: str, seed: int = 0, **options: Any) -> DataSet:
    """Return a data set by its name.

    Args:
        name: As in `DATASETS`.
        seed: Of the split.
        **options: Of this data set.

    Raises:
        ValueError: If there is no such data set.

    Example:
        >>> load("reverse", length=5).sample_shape
        (5,)
    """
    if name not in DATASETS:
        raise ValueError(f"name must be one of {', '.join(DATASETS)}, got {name!r}.")
    return DATASETS[name](seed, **options)
