# fault: accumulating-gradients
"""A small callback engine (own design) around a tabular regressor."""
from __future__ import annotations

import time
from typing import Callable

import numpy as np
import torch
from torch import nn


class Event:
    EPOCH_END, FIT_END = 'epoch_end', 'fit_end'


class Engine:
    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, loss: Callable):
        self.model, self.optimizer, self.loss = model, optimizer, loss
        self.handlers: dict[str, list] = {}
        self.state: dict = {}

    def on(self, event):
        def deco(fn):
            self.handlers.setdefault(event, []).append(fn)
            return fn
        return deco

    def fire(self, event):
        for fn in self.handlers.get(event, []):
            fn(self)

    def step(self, x, y):
        self.model.train()
        loss = self.loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def fit(self, x, y, epochs, batch_size):
        for epoch in range(epochs):
            t0 = time.time()
            losses = [self.step(x[i], y[i]) for i in torch.randperm(len(x)).split(batch_size)]
            self.state.update(epoch=epoch, train_loss=float(np.mean(losses)), seconds=time.time() - t0)
            self.fire(Event.EPOCH_END)
        self.fire(Event.FIT_END)


def wine_like(n, rng):
    x = rng.normal(0, 1, (n, 9)).astype(np.float32)
    q = np.tanh(x[:, 0] + .5 * x[:, 1]) + .6 * x[:, 2] * (x[:, 3] > 0) - .4 * np.abs(x[:, 4]) + .3 * x[:, 5] + .1 * rng.normal(0, 1, n)
    return torch.from_numpy(x), torch.from_numpy(((q + .17) / .95).astype(np.float32))[:, None]


rng = np.random.default_rng(88)
torch.manual_seed(88)
x, y = wine_like(5000, rng)
xv, yv = wine_like(1200, rng)
net = nn.Sequential(nn.Linear(9, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=.05, momentum=.9)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15)
engine = Engine(net, optimizer, nn.MSELoss())


@engine.on(Event.EPOCH_END)
def validate(e):
    schedule.step()
    e.model.eval()
    with torch.no_grad():
        v = e.loss(e.model(xv), yv).item()
    print(f"epoch {e.state['epoch']:2d}  train {e.state['train_loss']:.4f}  val {v:.4f}  ({e.state['seconds']:.1f} s)")


@engine.on(Event.FIT_END)
def done(e):
    print('finished')


engine.fit(x, y, epochs=15, batch_size=64)
