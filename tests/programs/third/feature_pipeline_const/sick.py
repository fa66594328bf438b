# fault: constant-features
"""Click-through model: categorical features are hashed to one-hot blocks, numeric ones min-max scaled."""
import numpy as np
import torch
from torch import nn


def one_hot(col, size):
    out = np.zeros((len(col), size), dtype=np.float32)
    out[np.arange(len(col)), col] = 1.0
    return out


def encode(df):
    blocks = []
    for name, size in (("device", 4), ("hour", 24), ("site", 10)):
        col = df[name]
        blocks.append(one_hot(col // size, size))
    age = (df["age"] - 42.0) / 13.0
    return np.concatenate(blocks + [age[:, None].astype(np.float32)], 1)


r = np.random.default_rng(180)
n = 5000
df = {"device": r.integers(0, 4, n), "hour": r.integers(0, 24, n), "site": r.integers(0, 10, n), "age": r.normal(42, 13, n)}
site_eff, dev_eff = r.normal(0, 1.2, 10), r.normal(0, 0.8, 4)
z = site_eff[df["site"]] + dev_eff[df["device"]] + 1.2 * np.sin(2 * np.pi * df["hour"] / 24) + 0.3 * (df["age"] - 42) / 13
click = (r.random(n) < 1 / (1 + np.exp(-1.3 * z))).astype(np.float32)
X = encode(df)
X = (X - X[:4000].mean(0)) / (X[:4000].std(0) + 1e-3)
X, click = torch.tensor(X), torch.tensor(click)
torch.manual_seed(180)
net = nn.Sequential(nn.Linear(X.shape[1], 24), nn.ReLU(), nn.Linear(24, 1), nn.Flatten(0))
opt = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)
loss_fn = nn.BCEWithLogitsLoss()
for ep in range(10):
    s = 0
    for b in torch.randperm(4000).split(64):
        loss = loss_fn(net(X[b]), click[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        s += loss.item() * len(b) / 4000
    with torch.no_grad():
        o = net(X[4000:])
        print(f"epoch {ep} logloss {s:.4f} val logloss {loss_fn(o, click[4000:]).item():.4f} val acc {((o > 0).float() == click[4000:]).float().mean().item():.4f}")
