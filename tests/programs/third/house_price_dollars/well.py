# healthy
# House price regression (synthetic listings), config dataclass style
from dataclasses import dataclass, field
import numpy as np
import torch
import torch.nn.functional as F


@dataclass
class Config:
    seed: int = 3
    n: int = 3000
    hidden: tuple = (64, 64)
    lr: float = 1e-3
    batch_size: int = 64
    epochs: int = 40


def synth(cfg):
    g = np.random.default_rng(cfg.seed)
    area = g.gamma(9.0, 14.0, cfg.n)
    rooms = np.clip(np.round(area / 28 + g.normal(0, 0.8, cfg.n)), 1, None)
    age = g.uniform(0, 90, cfg.n)
    dist = g.exponential(6.0, cfg.n)
    price = 1900 * area + 9000 * rooms - 700 * age + 150000 * np.exp(-dist / 5) + g.normal(0, 15000, cfg.n)
    feats = np.stack([area, rooms, age, dist], 1)
    feats = (feats - feats.mean(0)) / feats.std(0)
    return torch.tensor(feats, dtype=torch.float32), torch.tensor(price, dtype=torch.float32)


class Net(torch.nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        dims = [d, *hidden]
        self.body = torch.nn.ModuleList([torch.nn.Linear(i, o) for i, o in zip(dims, dims[1:])])
        self.out = torch.nn.Linear(dims[-1], 1)

    def forward(self, x):
        for l in self.body:
            x = F.relu(l(x))
        return self.out(x).squeeze(-1)


def r2(p, t):
    return 1 - ((p - t) ** 2).mean() / t.var()


cfg = Config()
torch.manual_seed(cfg.seed)
X, y = synth(cfg)
n_tr = int(0.8 * cfg.n)
mu, sd = y[:n_tr].mean(), y[:n_tr].std()
y = (y - mu) / sd
Xtr, ytr, Xva, yva = X[:n_tr], y[:n_tr], X[n_tr:], y[n_tr:]
net = Net(X.shape[1], cfg.hidden)
opt = torch.optim.AdamW(net.parameters(), lr=cfg.lr)
for epoch in range(cfg.epochs):
    losses = []
    for idx in torch.randperm(n_tr).split(cfg.batch_size):
        loss = F.mse_loss(net(Xtr[idx]), ytr[idx])
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    with torch.no_grad():
        pv = net(Xva)
        print(f"[{epoch:02d}] train_mse={np.mean(losses):.5g} val_mse={F.mse_loss(pv, yva):.5g} val_r2={r2(pv, yva):.4f}")
