"""What a data set is: three parts with no sample in common, and what a model must know of them."""

import importlib
from dataclasses import dataclass, field
from types import ModuleType

import torch
from torch import Tensor

__all__ = ["DataSet", "MissingData", "require", "split_rows"]

Part = tuple[Tensor, ...]


class MissingData(ImportError):
    """A data set cannot be read because a package or a file is not there."""


@dataclass(frozen=True)
class DataSet:
    """Training, validation and test data.

    Attributes:
        name: As in `DATASETS`.
        train: Tensors with a common first axis, inputs first.
        validation: For choices made during training.
        test: For the number that is reported, once.
        outputs: Classes, tokens or numbers that a model answers with.
        scale: What one unit of a series is worth in the unit of the source; 1 where nothing was scaled.
        words: The characters or tokens by their number, for text.
        season: Steps after which a series roughly repeats; 0 where it does not.
    """

    name: str
    train: Part
    validation: Part
    test: Part
    outputs: int
    scale: float = 1.0
    words: tuple[str, ...] = field(default=(), repr=False)
    season: int = 0

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return tuple(self.train[0].shape[1:])

    @property
    def num_features(self) -> int:
        """Numbers of one input."""
        return self.train[0][0].numel()

    def sizes(self) -> dict[str, int]:
        """Return the rows of each part."""
        return {name: len(getattr(self, name)[0]) for name in ("train", "validation", "test")}


def split_rows(tensors: Part, seed: int, *, validation: float = 0.1, test: float = 0.2) -> tuple[Part, Part, Part]:
    """Shuffle the rows by a seed and cut them into three parts.

    Args:
        tensors: With a common first axis.
        seed: Of the order; the same seed gives the same parts.
        validation: Share of the rows.
        test: Share of the rows.

    Returns:
        Training, validation and test.

    Example:
        >>> parts = split_rows((torch.arange(10),), seed=0)
        >>> [len(part[0]) for part in parts]
        [7, 1, 2]
    """
    rows = len(tensors[0])
    order = torch.randperm(rows, generator=torch.Generator().manual_seed(seed))
    num_test, num_validation = round(test * rows), round(validation * rows)
    cuts = (order[num_test + num_validation :], order[num_test : num_test + num_validation], order[:num_test])
    first, second, third = (tuple(t[cut] for t in tensors) for cut in cuts)
    return first, second, third


def require(module: str, package: str) -> ModuleType:
    """Import a module of the extra ``data``.

    Raises:
        MissingData: If it is not installed; the message says how to.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingData(f"This data set comes with {package}; install it: pip install 'rhobar[data]'.") from error
