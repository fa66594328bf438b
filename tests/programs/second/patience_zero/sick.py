# fault: too-few-epochs
# PDE surrogate: 1-D heat equation, initial profile -> profile at t = 0.05 (MLP on 24 grid points)
import numpy as np
import torch
import torch.nn as nn


class EarlyStopping:
    def __init__(self, patience, min_delta):
        self.patience, self.min_delta, self.best, self.bad = patience, min_delta, np.inf, 0

    def __call__(self, value):
        if value < self.best - self.min_delta:
            self.best, self.bad = value, 0
        else:
            self.bad += 1
        return self.bad > self.patience


def heat(n, rng, m=24):
    k = np.arange(1, 9)
    coef = rng.normal(0, 1, (n, 8)) / k
    s = np.linspace(0, 1, m + 2)[1:-1]
    modes = np.sin(np.pi * np.outer(k, s))
    u0 = coef @ modes
    u1 = (coef * np.exp(-.02 * (np.pi * k) ** 2 * .05 * 8)) @ modes
    u1 = np.tanh(1.5 * u1)                    # saturating detector
    return u0 / .85, u1 / .6


rng = np.random.default_rng(0)
torch.manual_seed(0)
(u0, u1), (v0, v1) = [tuple(torch.tensor(a, dtype=torch.float32) for a in heat(n, rng)) for n in (5000, 1000)]
net = nn.Sequential(nn.Linear(24, 96), nn.Tanh(), nn.Linear(96, 96), nn.Tanh(), nn.Linear(96, 24))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=.3, patience=2, threshold=.01)
stop = EarlyStopping(patience=0, min_delta=.05)
for epoch in range(60):
    net.train()
    tl = 0.
    for i in torch.randperm(5000).split(50):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(u0[i]), u1[i])
        loss.backward()
        opt.step()
        tl += loss.item() / 100
    net.eval()
    with torch.no_grad():
        vl = nn.functional.mse_loss(net(v0), v1).item()
    plateau.step(vl)
    print(f'epoch {epoch:2d} lr {opt.param_groups[0]["lr"]:.1e} train {tl:.5f} valid {vl:.5f}')
    if stop(vl):
        print('early stopping')
        break
