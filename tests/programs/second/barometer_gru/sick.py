# fault: unscaled-inputs
# Forecast rain in the next 6 h from 48 hourly station readings (pressure in hPa, temperature in K, humidity in %)
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

rng = np.random.default_rng(3)
torch.manual_seed(3)
N, T = 4000, 48


def simulate(n):
    t = np.arange(T)
    trend = rng.normal(0, 1, (n, 1))
    p = 1013 + rng.normal(0, 3, (n, 1)) + trend * (t - T) * 0.08 + rng.normal(0, .6, (n, T))
    k = 286 + rng.normal(0, 3, (n, 1)) + 4 * np.sin(2 * np.pi * t / 24 + rng.uniform(0, 1, (n, 1))) + rng.normal(0, .4, (n, T))
    front = rng.normal(0, 1, (n, 1))
    h = 65 + front * 8 * (t > T - 14) + rng.normal(0, 3, (n, T))
    score = -1.6 * trend[:, 0] + 1.2 * front[:, 0]
    rain = (score + rng.normal(0, .3, n) > 0).astype(np.float32)
    return np.stack([p, k, h], -1).astype(np.float32), rain


class RainGRU(nn.Module):
    def __init__(self, n_feat=3, hidden=24):
        super().__init__()
        self.rnn = nn.GRU(n_feat, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h = self.rnn(x)
        return self.out(h[-1]).squeeze(1)


x, y = simulate(N)
n_tr = int(.8 * N)
x, y = torch.tensor(x), torch.tensor(y)
model = RainGRU()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=10 * (n_tr // 64))
for epoch in range(10):
    model.train()
    order = torch.randperm(n_tr)
    losses = []
    for i in range(n_tr // 64):
        idx = order[i * 64:(i + 1) * 64]
        loss = F.binary_cross_entropy_with_logits(model(x[idx]), y[idx])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        logit = model(x[n_tr:])
        vl = F.binary_cross_entropy_with_logits(logit, y[n_tr:]).item()
        acc = ((logit > 0) == (y[n_tr:] > .5)).float().mean().item()
    print(f'[{epoch:2d}] train {np.mean(losses):.4f}  val {vl:.4f}  val acc {acc:.3f}')
