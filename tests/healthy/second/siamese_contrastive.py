# healthy
"""Siamese network, contrastive loss of Hadsell et al., balanced pairs drawn by a custom sampler-dataset."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.data, dtype=torch.float32) / 16
y = torch.tensor(d.target)
p = torch.randperm(len(y))
Xtr, ytr, Xte, yte = X[p[:1400]], y[p[:1400]], X[p[1400:]], y[p[1400:]]


class Pairs(Dataset):
    def __init__(self, X, y, n, seed=None):
        self.X, self.y, self.n = X, y, n
        self.by = [torch.nonzero(y == k).flatten() for k in range(10)]
        self.g = torch.Generator().manual_seed(seed or 0)

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        a = int(torch.randint(len(self.y), (1,), generator=self.g))
        same = bool(torch.rand(1, generator=self.g) < 0.5)
        k = int(self.y[a]) if same else (int(self.y[a]) + int(torch.randint(1, 10, (1,), generator=self.g))) % 10
        b = int(self.by[k][torch.randint(len(self.by[k]), (1,), generator=self.g)])
        return self.X[a], self.X[b], float(same)


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Dropout(0.1), nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 8))

    def forward(self, a, b):
        return F.pairwise_distance(self.net(a), self.net(b))


def contrastive(dist, same, margin=1.5):
    return (same * dist.square() + (1 - same) * (margin - dist).clamp(min=0).square()).mean()


net = Tower()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
EP = 20
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EP)
train = DataLoader(Pairs(Xtr, ytr, 3000, 1), 64)
val = next(iter(DataLoader(Pairs(Xte, yte, 1500, 2), 1500)))
for ep in range(EP):
    net.train()
    t = 0
    for a, b, s in train:
        loss = contrastive(net(a, b), s.float())
        opt.zero_grad()
        loss.backward()
        opt.step()
        t += loss.item() / len(train)
    sched.step()
    net.eval()
    with torch.no_grad():
        dist = net(val[0], val[1])
        v = contrastive(dist, val[2].float()).item()
        acc = ((dist < 0.75) == (val[2] > 0.5)).float().mean().item()
    print(f"epoch {ep + 1} contrastive {t:.4f} val {v:.4f} verification acc {acc:.3f}")
