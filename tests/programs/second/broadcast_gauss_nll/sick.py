# fault: broadcast-loss
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from sklearn.datasets import make_friedman1


class Friedman(Dataset):
    def __init__(self, n, seed):
        X, y = make_friedman1(n, n_features=7, noise=.7, random_state=seed)
        self.X = torch.from_numpy((X - .5) * np.sqrt(12)).float()
        self.y = torch.from_numpy((y - 14.4) / 5.0).float()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.X[i], self.y[i]


class MeanVariance(nn.Module):
    """heteroscedastic regression: mean and log variance"""

    def __init__(self, d, h=48):
        super().__init__()
        self.base = nn.Sequential(nn.Linear(d, h), nn.SiLU(), nn.Linear(h, h), nn.SiLU())
        self.mean, self.logvar = nn.Linear(h, 1), nn.Linear(h, 1)

    def forward(self, x):
        z = self.base(x)
        return self.mean(z), self.logvar(z)


def nll(mean, logvar, y):
    return 0.5 * (logvar + (y - mean) ** 2 / logvar.exp()).mean()


torch.manual_seed(0)
train, test = DataLoader(Friedman(4000, 0), 64, shuffle=True), DataLoader(Friedman(1000, 1), 500)
net = MeanVariance(7)
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=.1)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 15)
for epoch in range(15):
    net.train()
    a = []
    for x, y in train:
        loss = nll(*net(x), y)
        opt.zero_grad(); loss.backward(); opt.step()
        a.append(loss.item())
    sched.step()
    net.eval()
    with torch.no_grad():
        v = np.mean([nll(*net(x), y).item() for x, y in test])
        err = np.mean([((net(x)[0].flatten() - y) ** 2).mean().item() for x, y in test])
    if epoch % 2 == 0:
        print(f"epoch {epoch:2d}  nll train {np.mean(a):.4f}  nll test {v:.4f}  mse test {err:.4f}")
