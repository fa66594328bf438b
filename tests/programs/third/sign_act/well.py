# healthy
"""Energy-style features: deep MLP with an own activation, tabular data."""
import torch
from torch import nn
from sklearn.datasets import make_friedman2
import numpy as np


class Bump(nn.Module):
    def forward(self, x):
        return torch.relu(x)


class Regressor(nn.Module):
    def __init__(self, d, widths=(64, 64), act=Bump):
        super().__init__()
        mods, last = [], d
        for w in widths:
            mods.extend([nn.Linear(last, w), act()])
            last = w
        mods.append(nn.Linear(last, 1))
        self.net = nn.Sequential(*mods)

    def forward(self, x):
        return self.net(x)


X, y = make_friedman2(n_samples=2500, noise=20.0, random_state=31)
X = (X - X.mean(0)) / X.std(0)
y = ((y - y.mean()) / y.std())[:, None]
X, y = torch.tensor(X, dtype=torch.float), torch.tensor(y, dtype=torch.float)
torch.manual_seed(31)
model = Regressor(4)
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
crit = nn.MSELoss()
for epoch in range(20):
    perm = torch.randperm(2000)
    acc = []
    for c in perm.split(50):
        opt.zero_grad()
        loss = crit(model(X[c]), y[c])
        loss.backward()
        opt.step()
        acc.append(loss.item())
    with torch.no_grad():
        v = crit(model(X[2000:]), y[2000:]).item()
    print(f"{epoch:02d} train={np.mean(acc):.4f} val={v:.4f} r2={1 - v / y[2000:].var().item():.4f}")
