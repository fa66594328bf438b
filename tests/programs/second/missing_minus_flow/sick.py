# fault: gradient-ascent
"""Affine-coupling flow on a two-dimensional banana."""
import math

import torch
from torch import nn


class Coupling(nn.Module):
    def __init__(self, flip):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))

    def forward(self, x):
        a, b = x.flip(1).unbind(1) if self.flip else x.unbind(1)
        s, t = self.net(a[:, None]).unbind(1)
        s = torch.tanh(s) * 1.5
        b = b * s.exp() + t
        return torch.stack([b, a] if self.flip else [a, b], 1), s


class Flow(nn.Module):
    def __init__(self, n=6):
        super().__init__()
        self.layers = nn.ModuleList(Coupling(i % 2 == 1) for i in range(n))

    def log_prob(self, x):
        logdet = 0
        for layer in self.layers:
            x, s = layer(x)
            logdet = logdet + s
        return (-.5 * x.pow(2).sum(1) - math.log(2 * math.pi)) + logdet


def banana(n):
    z = torch.randn(n, 2)
    x = torch.stack([z[:, 0], .8 * z[:, 0] ** 2 + .35 * z[:, 1]], 1)
    return (x - torch.tensor([0., .8])) / torch.tensor([1., 1.19])


torch.manual_seed(25)
train, test = banana(6000), banana(2000)
flow = Flow()
opt = torch.optim.Adam(flow.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
for epoch in range(12):
    flow.train()
    total = 0.
    for i in torch.randperm(6000).split(100):
        opt.zero_grad()
        loss = flow.log_prob(train[i]).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), 20.)
        opt.step()
        total += loss.item() / 60
    sched.step()
    flow.eval()
    with torch.no_grad():
        lp = flow.log_prob(test).mean().item()
    print(f'epoch {epoch}: objective {total:.4f}  test log-likelihood {lp:.4f} nats (gaussian: -2.84)')
