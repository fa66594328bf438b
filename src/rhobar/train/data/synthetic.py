"""Sequences to be reversed or sorted: a toy for models that read one sequence and write another."""

import torch

from rhobar.train.data.dataset import DataSet

__all__ = ["reverse", "sort"]

_BEGIN = 0


def reverse(seed: int = 0, *, length: int = 10, symbols: int = 10, rows: int = 5000) -> DataSet:
    """Random sequences and the same backwards; 90 % training, 5 % validation, 5 % test, drawn by the seed.

    Symbols are 1 to `symbols`; 0 begins every target.

    Example:
        >>> source, target = reverse(length=4).train
        >>> bool((target[:, 1:] == source.flip(1)).all()), target[0, 0].item()
        (True, 0)
    """
    return _pairs("reverse", seed, length, symbols, rows)


def sort(seed: int = 0, *, length: int = 10, symbols: int = 10, rows: int = 5000) -> DataSet:
    """Random sequences and the same in ascending order; split as `reverse`.

    Example:
        >>> source, target = sort(length=4).train
        >>> bool((target[:, 1:] == source.sort(1).values).all())
        True
    """
    return _pairs("sort", seed, length, symbols, rows)


def _pairs(name: str, seed: int, length: int, symbols: int, rows: int) -> DataSet:
    generator = torch.Generator().manual_seed(seed)
    # Without repetitions, so that no test sequence was seen in training.
    drawn = torch.randint(1, symbols + 1, (2 * rows, length), generator=generator)
    source = torch.unique(drawn, dim=0)
    source = source[torch.randperm(len(source), generator=generator)][:rows]
    written = source.flip(1) if name == "reverse" else source.sort(1).values
    target = torch.cat([torch.full((len(source), 1), _BEGIN), written], 1)
    first, second = int(0.9 * len(source)), int(0.95 * len(source))
    cuts = (slice(0, first), slice(first, second), slice(second, None))
    train, validation, test = ((source[cut], target[cut]) for cut in cuts)
    return DataSet(name, train, validation, test, outputs=symbols + 1)
