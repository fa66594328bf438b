"""Real data and small networks for the strategies."""

import functools
import itertools

import torch
from torch import nn

from rhobar.train import Batches, fit


def rand(seed):
    return torch.Generator().manual_seed(seed)


@functools.cache
def digits():
    """Pixels in [0, 1] and labels: 1,297 to train on and 500 held out, at random."""
    from sklearn.datasets import load_digits

    data = load_digits()
    x, y = torch.tensor(data.data, dtype=torch.float32) / 16, torch.tensor(data.target)
    order = torch.randperm(len(x), generator=rand(0))
    return x[order[500:]], y[order[500:]], x[order[:500]], y[order[:500]]


@functools.cache
def mnist1d():
    """Sequences of 40 numbers and labels: 3,200 to train on and 800 held out."""
    from mnist1d.data import get_dataset_args, make_dataset

    args = get_dataset_args()
    args.num_samples = 4000
    data = make_dataset(args)
    x, held = (torch.tensor(data[name], dtype=torch.float32) for name in ("x", "x_test"))
    return x, torch.tensor(data["y"]), held, torch.tensor(data["y_test"])


@functools.cache
def turned_digits():
    """Digits turned by 0°, 90°, 180° and 270°, each turn a class of its own: 40 classes. (1, 8, 8) pixels."""
    x, y = torch.cat([digits()[0], digits()[2]]), torch.cat([digits()[1], digits()[3]])
    images = x.view(-1, 1, 8, 8)
    turns = [torch.rot90(images, k, (2, 3)) for k in range(4)]
    return torch.cat(turns), torch.cat([y + 10 * k for k in range(4)])


def mlp(*widths, seed=0):
    torch.manual_seed(seed)
    layers = []
    for a, b in itertools.pairwise(widths):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def trained(model, x, y, *, epochs=10, lr=0.003, loss=None, seed=0, size=64):
    data = Batches(x, y, size=size, generator=rand(seed))
    for _ in fit(
        model, loss or nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), lr=lr), epochs=epochs
    ):
        pass
    return model


@torch.no_grad()
def accuracy(model, x, y):
    return float((model(x).argmax(1) == y).double().mean())
