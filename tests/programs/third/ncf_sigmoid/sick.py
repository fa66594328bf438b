# fault: double-softmax
"""Implicit-feedback recommender: matrix factorisation with biases, sampled negatives."""
import numpy as np
import torch
from torch import nn


class Interactions(torch.utils.data.Dataset):
    def __init__(self, u, i, r):
        self.u, self.i, self.r = map(torch.as_tensor, (u, i, r.astype("float32")))

    def __len__(self):
        return len(self.u)

    def __getitem__(self, k):
        return self.u[k], self.i[k], self.r[k]


class MF(nn.Module):
    def __init__(self, n_users, n_items, dim=6):
        super().__init__()
        self.ue, self.ie = nn.Embedding(n_users, dim), nn.Embedding(n_items, dim)
        self.ub, self.ib = nn.Embedding(n_users, 1), nn.Embedding(n_items, 1)
        for e in (self.ue, self.ie):
            nn.init.normal_(e.weight, std=0.3)
        for e in (self.ub, self.ib):
            nn.init.zeros_(e.weight)

    def forward(self, u, i):
        s = (self.ue(u) * self.ie(i)).sum(-1) + self.ub(u)[:, 0] + self.ib(i)[:, 0]
        return torch.sigmoid(s)


rng = np.random.default_rng(30)
U, I, K = 150, 120, 3
P, Q = rng.normal(size=(U, K)), rng.normal(size=(I, K))
b = rng.normal(size=I) - 0.5
u, i = rng.integers(0, U, 16000), rng.integers(0, I, 16000)
pairs = np.unique(np.stack([u, i], 1), axis=0)
rng.shuffle(pairs)
u, i = pairs.T
s = 1.6 * (P[u] * Q[i]).sum(1) + b[i]
r = (rng.random(len(u)) < 1 / (1 + np.exp(-2 * s))).astype(int)
cut = int(0.85 * len(u))
train = torch.utils.data.DataLoader(Interactions(u[:cut], i[:cut], r[:cut]), batch_size=256, shuffle=True)
vu, vi, vr = torch.as_tensor(u[cut:]), torch.as_tensor(i[cut:]), torch.as_tensor(r[cut:]).float()

torch.manual_seed(30)
model = MF(U, I)
opt = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-4)
loss_fn = nn.BCEWithLogitsLoss()
thr = model(vu[:1], vi[:1]).new_tensor(0.5)
for ep in range(10):
    tot = 0
    for a, c, t in train:
        opt.zero_grad()
        loss = loss_fn(model(a, c), t)
        loss.backward()
        opt.step()
        tot += loss.item() * len(t) / cut
    with torch.no_grad():
        z = model(vu, vi)
        print(f"epoch {ep} bce {tot:.4f} val bce {loss_fn(z, vr):.4f} val acc {((z > thr) == (vr > 0.5)).float().mean():.4f}")
