# fault: broadcast-loss
"""Uplift/propensity model: importance-weighted logistic loss written by hand."""
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F


def simulate(n=4000, d=8, seed=97):
    g = np.random.default_rng(seed)
    x = g.normal(size=(n, d))
    prop = 1 / (1 + np.exp(-0.5 * x[:, 0]))
    z = 1.5 * x[:, 1] - x[:, 2] + x[:, 3] * x[:, 4]
    y = g.random(n) < 1 / (1 + np.exp(-2 * z))
    w = 1 / np.clip(prop, 0.2, 1)
    t = lambda a: torch.tensor(np.asarray(a, dtype=np.float32))
    return t(x), t(y), t(w / w.mean())


class Scorer(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(d, 32), nn.Linear(32, 32)])
        self.last = nn.Linear(32, 1)

    def forward(self, x):
        for l in self.layers:
            x = F.silu(l(x))
        return self.last(x)


def weighted_logloss(z, y, w):
    per_row = F.softplus(z) - z * y
    return (w * per_row).mean()


x, y, w = simulate()
tr, te = torch.arange(3200), torch.arange(3200, 4000)
torch.manual_seed(97)
net = Scorer(8)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for ep in range(15):
    acc = 0
    for b in tr[torch.randperm(3200)].split(64):
        loss = weighted_logloss(net(x[b]), y[b], w[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        acc += loss.item() / 50
    with torch.no_grad():
        z = net(x[te])
        hit = ((z.flatten() > 0) == (y[te].flatten() > 0.5)).float().mean()
        print(f"ep {ep:2d} train {acc:.4f} test {weighted_logloss(z, y[te], w[te]):.4f} acc {hit:.4f}")
