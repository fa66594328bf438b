# healthy
"""Loan book: features and outcomes come from two tables."""
import numpy as np
import pandas as pd
import torch
from torch import nn


def tables(n=3000, seed=47):
    r = np.random.RandomState(seed)
    feats = pd.DataFrame({"loan_id": r.permutation(n) + 10_000, "income": r.lognormal(10.4, 0.4, n), "debt": r.lognormal(9.0, 0.6, n),
                          "age": r.randint(21, 70, n), "late": r.poisson(0.7, n)})
    z = 2.0 * (np.log(feats.debt / feats.income) + 1.4) + 1.1 * feats.late - 0.8 - 0.02 * (feats.age - 45)
    out = pd.DataFrame({"loan_id": feats.loan_id, "default": (r.rand(n) < 1 / (1 + np.exp(-2 * z))).astype(int)})
    return feats, out.sort_values("loan_id").reset_index(drop=True)


feats, out = tables()
df = feats.merge(out, on="loan_id")
X = df[["income", "debt", "age", "late"]].copy()
X[["income", "debt"]] = np.log(X[["income", "debt"]])
train = df.index < 2300
X = (X - X[train].mean()) / X[train].std()
xt, xv = (torch.tensor(X[m].values, dtype=torch.float32) for m in (train, ~train))
yt, yv = (torch.tensor(df.default[m].values, dtype=torch.float32) for m in (train, ~train))

torch.manual_seed(47)
net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
bce = nn.BCEWithLogitsLoss()
for ep in range(20):
    s = 0
    for b in torch.randperm(len(xt)).split(46):
        loss = bce(net(xt[b])[:, 0], yt[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        s += loss.item() / 50
    with torch.no_grad():
        z = net(xv)[:, 0]
        acc = ((z > 0).float() == yv).float().mean()
    print(f"epoch {ep:2d} train logloss {s:.4f} val logloss {bce(z, yv):.4f} val acc {acc:.4f} (majority {max(yv.mean(), 1 - yv.mean()):.3f})")
