# healthy
"""Mixed tabular data: categorical embeddings + log-transformed counts + one-hot, weighted sampler for a 15 % minority class."""
import numpy as np
import torch
import torch.nn as nn
from dataclasses import dataclass
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

rng = np.random.default_rng(0)
torch.manual_seed(0)


@dataclass
class Row:
    cat: torch.Tensor
    num: torch.Tensor
    label: torch.Tensor


def simulate(n):
    city, job = rng.integers(0, 30, n), rng.integers(0, 12, n)
    city_effect = np.sin(np.arange(30) * 1.7) * 1.2
    job_effect = np.cos(np.arange(12) * 2.3) * 1.2
    clicks = rng.negative_binomial(2, 0.1, n)
    plan = rng.integers(0, 3, n)
    z = city_effect[city] + job_effect[job] + 1.1 * (np.log1p(clicks) - 2.7) + np.array([-0.8, 0, 0.9])[plan] - 1.8
    y = rng.random(n) < 1 / (1 + np.exp(-1.8 * z))
    num = np.concatenate([np.log1p(clicks)[:, None], np.eye(3)[plan]], 1).astype("float32")
    return np.stack([city, job], 1), num, y.astype("float32")


class Table(Dataset):
    def __init__(self, n):
        self.cat, self.num, self.y = simulate(n)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return Row(torch.from_numpy(self.cat[i]), torch.from_numpy(self.num[i]), torch.tensor(self.y[i]))


def collate(rows):
    return Row(torch.stack([r.cat for r in rows]), torch.stack([r.num for r in rows]), torch.stack([r.label for r in rows]))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.city, self.job = nn.Embedding(30, 6), nn.Embedding(12, 4)
        self.mlp = nn.Sequential(nn.Linear(6 + 4 + 4, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 1))

    def forward(self, row):
        x = torch.cat([self.city(row.cat[:, 0]), self.job(row.cat[:, 1]), row.num], 1)
        return self.mlp(x).squeeze(1)


train, val = Table(5000), Table(2000)
share = train.y.mean()
weights = np.where(train.y > 0, 0.5 / share, 0.5 / (1 - share))
loader = DataLoader(train, batch_size=64, sampler=WeightedRandomSampler(weights, len(train)), collate_fn=collate)
model = Net()
opt = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.02)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8)
full = collate([val[i] for i in range(len(val))])
wv = torch.tensor(np.where(val.y > 0, 0.5 / share, 0.5 / (1 - share)), dtype=torch.float32)
bce = nn.functional.binary_cross_entropy_with_logits
print("positives", share)
for epoch in range(8):
    model.train()
    s = 0
    for row in loader:
        loss = bce(model(row), row.label)
        opt.zero_grad()
        loss.backward()
        opt.step()
        s += loss.item() / len(loader)
    sched.step()
    model.eval()
    with torch.no_grad():
        z = model(full)
        v = bce(z, full.label, weight=wv).item()
        hit = ((z > 0) == (full.label > 0.5)).float()
        bal = 0.5 * (hit[full.label > 0.5].mean() + hit[full.label < 0.5].mean())
    print(f"epoch {epoch} balanced train loss {s:.4f} balanced val loss {v:.4f} balanced accuracy {bal.item():.3f}")
