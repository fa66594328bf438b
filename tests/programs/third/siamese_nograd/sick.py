# fault: detached-parameters
"""Siamese network: do two digit images show the same digit?"""
import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_digits


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))

    def forward(self, x):
        return self.net(x)


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.tower = Tower()
        self.head = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 1))

    def embed(self, x):
        h = self.tower(x)
        self.last_embedding = h = h.detach()
        return h

    def forward(self, a, b):
        d = (self.embed(a) - self.embed(b)).abs()
        return self.head(d)[:, 0]


def pairs(x, y, n, g):
    i = torch.randint(len(x), (n,), generator=g)
    j = torch.randint(len(x), (n,), generator=g)
    for k in range(0, n, 2):
        same = (y == y[i[k]]).nonzero()[:, 0]
        j[k] = same[torch.randint(len(same), (1,), generator=g)]
    return x[i], x[j], (y[i] == y[j]).float()


g = torch.Generator().manual_seed(4)
d = load_digits()
perm = torch.randperm(len(d.target), generator=g)
x = (torch.tensor(d.data).float()[perm] - 4.88) / 6.02
y = torch.tensor(d.target)[perm]
A, B, S = pairs(x[:1300], y[:1300], 20000, g)
a, b, s = pairs(x[1300:], y[1300:], 1500, g)
torch.manual_seed(4)
net = Siamese()
opt = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-3)
bce = nn.BCEWithLogitsLoss()
for ep in range(5):
    net.train()
    t = 0
    for k in torch.randperm(len(A)).split(100):
        loss = bce(net(A[k], B[k]), S[k])
        opt.zero_grad(); loss.backward(); opt.step()
        t += loss.item() * len(k) / len(A)
    net.eval()
    with torch.no_grad():
        z = net(a, b)
        print(f"Epoch {ep}: loss {t:.4f}, val loss {bce(z, s).item():.4f}, val acc {((z > 0).float() == s).float().mean().item():.4f}")
