"""1,797 handwritten digits of 8×8 pixels: scikit-learn's copy of the UCI set."""

import torch

from rhobar.train.data.dataset import DataSet, require, split_rows

__all__ = ["digits"]


def digits(seed: int = 0) -> DataSet:
    """Images (1, 8, 8) in [0, 1] and their digits; 70 % training, 10 % validation, 20 % test by the seed.

    Reference: Alpaydin and Kaynak (1998), Optical recognition of handwritten digits, UCI.

    Example:
        >>> digits().sizes()
        {'train': 1258, 'validation': 180, 'test': 359}
    """
    images, labels = require("sklearn.datasets", "scikit-learn").load_digits(return_X_y=True)
    x = torch.from_numpy(images / 16).float().reshape(-1, 1, 8, 8)
    return DataSet("digits", *split_rows((x, torch.from_numpy(labels).long()), seed), outputs=10)
