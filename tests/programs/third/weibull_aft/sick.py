# fault: unstable-formula
"""Weibull regression for time-to-failure of pumps, right-censored (reliability engineering)."""
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

rng = np.random.default_rng(60)
n = 3500
z = rng.normal(size=(n, 6))
log_scale = 0.9 * z[:, 0] - 0.7 * z[:, 1] + 0.5 * np.tanh(2 * z[:, 2] * z[:, 3])
t = np.exp(log_scale) * rng.weibull(1.5, n)
c = rng.exponential(4.0, n)
event = t <= c
t = np.minimum(t, c) + 1e-3
t = t / np.median(t)
Z, t, event = torch.tensor(z).float(), torch.tensor(t).float(), torch.tensor(event)


class WeibullNet(nn.Module):
    def __init__(self, d=6, h=32):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d, h), nn.Tanh(), nn.Linear(h, h), nn.Tanh())
        self.scale, self.shape = nn.Linear(h, 1), nn.Linear(h, 1)

    def forward(self, z):
        h = self.body(z)
        return self.scale(h)[:, 0].exp(), F.softplus(self.shape(h)[:, 0] + 1) + 0.1


def nll(lam, k, t, event):
    r = (t / lam) ** k
    log_hazard = torch.log(k) - torch.log(lam) + (k - 1) * (torch.log(t) - torch.log(lam))
    cdf = 1 - torch.exp(-r)
    log_surv = torch.log(1 - cdf)
    return -(event * log_hazard + log_surv).mean()


def concordance(pred, t, e):
    ok = e[:, None] & (t[:, None] < t[None])
    return ((pred[:, None] < pred[None]) & ok).sum().item() / ok.sum().item()


torch.manual_seed(60)
net = WeibullNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
tr, va = torch.arange(2800), torch.arange(2800, n)
for ep in range(20):
    tot = 0
    for b in torch.randperm(2800).split(56):
        loss = nll(*net(Z[b]), t[b], event[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 50
    with torch.no_grad():
        lam, k = net(Z[va])
        print(f"epoch {ep:2d}: nll {tot:.4f}  val nll {nll(lam, k, t[va], event[va]).item():.4f}  val C {concordance(lam, t[va], event[va]):.4f}")
