# healthy
"""Heteroscedastic regression: the network predicts mean and variance."""
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F


class MeanVar(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU())
        self.mu, self.s = nn.Linear(48, 1), nn.Linear(48, 1)

    def forward(self, x):
        h = self.body(x)
        var = F.softplus(self.s(h)) + 1e-4
        return self.mu(h), var


def nll(mu, var, y):
    return 0.5 * (torch.log(var) + (y - mu) ** 2 / var).mean()


g = np.random.default_rng(160)
X = g.uniform(-1.7, 1.7, (3500, 3))
f = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2]
sd = 0.1 + 0.3 * np.abs(X[:, 0])
y = f + sd * g.normal(size=3500)
y = (y - y.mean()) / y.std()
X, y = torch.tensor(X).float(), torch.tensor(y).float()[:, None]
torch.manual_seed(160)
net = MeanVar()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
anneal = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 18)
for ep in range(18):
    tot = 0
    for b in torch.randperm(2800).split(56):
        loss = nll(*net(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 50
    anneal.step()
    with torch.no_grad():
        mu, var = net(X[2800:])
        print(f"epoch {ep:2d} nll {tot:.4f} val nll {nll(mu, var, y[2800:]).item():.4f} val mse {(mu - y[2800:]).square().mean().item():.4f}")
