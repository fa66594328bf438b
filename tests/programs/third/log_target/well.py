# healthy
"""Poisson-ish demand; model log(sales) with a small entity-embedding net."""
import numpy as np
import pandas as pd
import torch
from torch import nn

r = np.random.RandomState(91)
N = 4000
df = pd.DataFrame({"store": r.randint(0, 15, N), "dow": r.randint(0, 7, N), "promo": r.randint(0, 2, N), "temp": r.normal(15, 7, N)})
store_eff, dow_eff = r.normal(0, 0.5, 15), np.array([0, -.1, -.1, 0, .3, .6, .4])
df["sales"] = r.poisson(np.exp(2.2 + store_eff[df.store] + dow_eff[df.dow] + 0.35 * df.promo + 0.02 * (df.temp - 15)))
df["target"] = np.log(df.sales + 1)
df["temp"] = (df.temp - df.temp.mean()) / df.temp.std()
mask = r.rand(N) < 0.8


def tens(d):
    return (torch.tensor(d[["store", "dow"]].values), torch.tensor(d[["promo", "temp"]].values).float(), torch.tensor(d.target.values).float())


class EntityNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.s, self.d = nn.Embedding(15, 4), nn.Embedding(7, 3)
        self.f = nn.Sequential(nn.Linear(9, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, c, x):
        return self.f(torch.cat([self.s(c[:, 0]), self.d(c[:, 1]), x - torch.tensor([0.5, 0.0])], 1))[:, 0]


torch.manual_seed(91)
train, valid = tens(df[mask]), tens(df[~mask])
net = EntityNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for ep in range(15):
    tot, k = 0, 0
    for b in torch.randperm(len(train[2])).split(64):
        loss = nn.functional.mse_loss(net(train[0][b], train[1][b]), train[2][b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item(); k += 1
    with torch.no_grad():
        v = nn.functional.mse_loss(net(*valid[:2]), valid[2]).item()
    print(f"epoch {ep:2d} train_mse {tot/k:.4f} valid_mse {v:.4f} valid_r2 {1 - v / valid[2].var().item():.4f}")
