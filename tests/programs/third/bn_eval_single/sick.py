# fault: train-mode-evaluation
"""Streaming evaluation: validation rows come grouped by site, one site per batch."""
import numpy as np
import torch
from torch import nn


class Sites:
    def __init__(self, seed=36, n_sites=12, per=250):
        g = np.random.default_rng(seed)
        self.shift = g.normal(0, 1.2, size=(n_sites, 8))
        w = g.normal(size=8)
        x, y, s = [], [], []
        for k in range(n_sites):
            xi = self.shift[k] + g.normal(size=(per, 8))
            yi = np.tanh(xi @ w / 2) + 0.5 * xi[:, 0] + 0.1 * g.normal(size=per)
            x.append(xi); y.append(yi); s += [k] * per
        x, y = np.concatenate(x), np.concatenate(y)
        self.x = torch.tensor((x - x.mean(0)) / x.std(0)).float()
        self.y = torch.tensor((y - y.mean()) / y.std()).float()
        self.s = torch.tensor(s)


data = Sites()
perm = torch.randperm(len(data.y), generator=torch.Generator().manual_seed(0))
tr, va = perm[:2400], perm[2400:]
torch.manual_seed(36)
model = nn.Sequential(nn.Linear(8, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 1), nn.Flatten(0))
optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
anneal = torch.optim.lr_scheduler.ExponentialLR(optimiser, 0.88)


def validate():
    training = model.training
    se = 0.0
    with torch.no_grad():
        for k in data.s[va].unique():
            i = va[data.s[va] == k]
            se += (model(data.x[i]) - data.y[i]).square().sum().item()
    model.train(training)
    return se / len(va)


for epoch in range(18):
    run = 0.0
    for b in tr[torch.randperm(len(tr))].split(60):
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(model(data.x[b]), data.y[b])
        loss.backward()
        optimiser.step()
        run += loss.item() * len(b) / len(tr)
    anneal.step()
    v = validate()
    print(f"epoch {epoch:2d}  mse {run:.4f}  validation mse {v:.4f}  R2 {1 - v / data.y[va].var().item():.4f}")
