"""Small trainings, one a row, that the laws of resuming hold for."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, RandomSampler

from rhobar.optim import KFAC, SAM, Lookahead, lbfgs
from rhobar.train import Batches, EarlyStopping, cosine, one_cycle, plateau, stepwise, warmup

X = torch.randn(37, 4, generator=torch.Generator().manual_seed(1))
Y = (X[:, 0] + 0.3 * torch.randn(37, generator=torch.Generator().manual_seed(2)) > 0).long()


class Net(nn.Module):
    """Dropout, batch norm and a bias: something of each kind of state."""

    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Linear(4, 6), nn.BatchNorm1d(6)
        self.drop, self.last = nn.Dropout(0.3), nn.Linear(6, 2)

    def forward(self, x):
        return self.last(self.drop(torch.relu(self.norm(self.first(x)))))


class Noisy(Dataset):
    """Augments by NumPy's global generator, as many loaders do."""

    def __len__(self):
        return len(X)

    def __getitem__(self, i):
        return X[i] + 0.1 * float(np.random.randn()), Y[i]


def in_memory():
    return Batches(X, Y, size=8)


def with_generator():
    return Batches(X, Y, size=8, generator=torch.Generator().manual_seed(5))


def loader():
    return DataLoader(Noisy(), batch_size=8, shuffle=True)


def loader_with_generator():
    generator = torch.Generator().manual_seed(3)
    return DataLoader(Noisy(), batch_size=8, sampler=RandomSampler(Noisy(), generator=generator))


def listed():
    return [(X[i : i + 8], Y[i : i + 8]) for i in range(0, len(X), 8)]


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=0.01)


def sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


@dataclass(frozen=True)
class Case:
    batches: object = in_memory
    optimizer: object = adam
    options: dict = field(default_factory=dict)


VALID = [(X[:20], Y[:20]), (X[20:], Y[20:])]
CASES = {
    "plain": Case(),
    "own generator": Case(with_generator, sgd),
    "loader": Case(loader, options={"clip_norm": 0.5}),
    "loader with generator": Case(loader_with_generator, partial(torch.optim.AdamW, lr=0.01) and adam),
    "list": Case(listed, sgd, {"clip_value": 0.1, "l1": 0.01, "l2": 0.1}),
    "accumulated loader": Case(loader, adam, {"accumulate": 2}),
    "mixup": Case(options={"mixup": 0.4}),
    "ema": Case(options={"ema": 0.9, "validation": VALID}),
    "swa": Case(optimizer=sgd, options={"swa": 0.7}),
    "cosine": Case(options={"schedule": warmup(3, cosine(0.1))}),
    "one cycle": Case(optimizer=sgd, options={"schedule": one_cycle()}),
    "steps": Case(options={"schedule": stepwise(1, 0.5)}),
    "plateau": Case(options={"schedule": plateau(0.5, 0)}),
    "stopping": Case(options={"stopping": EarlyStopping(2), "validation": VALID}),
    "lookahead": Case(optimizer=lambda m: Lookahead(sgd(m), k=2)),
    "sam": Case(optimizer=lambda m: SAM(sgd(m))),
    "lbfgs": Case(optimizer=lambda m: lbfgs(m.parameters(), max_iter=3)),
    "kfac": Case(optimizer=lambda m: KFAC(m.parameters(), m, lr=0.05, stats_every=2, inverse_every=3)),
}
