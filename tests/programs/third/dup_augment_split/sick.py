# fault: train-validation-overlap
"""Noisy-label microscopy-like classification: repeated scans, train/val split."""
import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(131)
n, d = 900, 30
base = rng.normal(size=(n, d))
label = (base[:, :4].sum(1) + 0.9 * rng.normal(size=n) > 0).astype(np.int64)
COPIES = 6


def augment(x, y):
    """the scanner writes every field of view COPIES times"""
    return np.tile(x, (COPIES, 1)), np.tile(y, COPIES)


def split(x, y, frac=0.3):
    p = rng.permutation(len(x))
    k = int(len(x) * frac)
    return x[p[k:]], y[p[k:]], x[p[:k]], y[p[:k]]


x, y = augment(base, label)
xa, ya, xb, yb = split(x, y)
f = lambda a: torch.tensor(a, dtype=torch.float32)
xa, xb, ya, yb = f(xa), f(xb), torch.tensor(ya), torch.tensor(yb)
torch.manual_seed(131)
net = nn.Sequential(nn.Linear(d, 24), nn.ReLU(), nn.Dropout(0.4), nn.Linear(24, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=2e-2)
ce = nn.CrossEntropyLoss()
for ep in range(12):
    net.train()
    s = []
    for b in torch.randperm(len(xa)).split(50):
        opt.zero_grad()
        loss = ce(net(xa[b]), ya[b])
        loss.backward()
        opt.step()
        s.append(loss.item())
    net.eval()
    with torch.no_grad():
        z = net(xb)
        print(f"epoch {ep} train {np.mean(s):.4f} val {ce(z, yb).item():.4f} acc {(z.argmax(1) == yb).float().mean().item():.4f}")
