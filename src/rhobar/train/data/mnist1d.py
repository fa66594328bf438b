"""MNIST-1D: digits drawn as one line of 40 numbers, shifted, scaled and noisy; generated, not fetched."""

import torch

from rhobar.train.data.dataset import DataSet, require, split_rows

__all__ = ["mnist1d"]


def mnist1d(seed: int = 0) -> DataSet:
    """Sequences (40, 1) and their digits; 3,600 training and 400 validation by the seed, 1,000 test as published.

    `make_dataset` generates the published set from its own seed. (`get_dataset` would fetch and unpickle a file.)

    Reference: Greydanus and Kobak (2024), Scaling down deep learning with MNIST-1D.

    Example:
        >>> mnist1d().sizes()
        {'train': 3600, 'validation': 400, 'test': 1000}
    """
    source = require("mnist1d.data", "mnist1d")
    data = source.make_dataset(source.get_dataset_args())
    x, y, test_x, test_y = (torch.from_numpy(data[key]) for key in ("x", "y", "x_test", "y_test"))
    train, validation, _ = split_rows((x.float().unsqueeze(-1), y.long()), seed, test=0.0)
    return DataSet("mnist1d", train, validation, (test_x.float().unsqueeze(-1), test_y.long()), outputs=10)
