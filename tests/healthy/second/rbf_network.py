# healthy
"""Radial basis function network: centres from k-means, widths and output weights trained."""
import torch
from torch import nn
from sklearn.cluster import KMeans
from sklearn.datasets import make_circles

torch.manual_seed(9)
X, y = make_circles(2400, noise=0.12, factor=0.5, random_state=9)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
Xtr, ytr, Xte, yte = X[:1600], y[:1600], X[1600:], y[1600:]
centres = KMeans(20, n_init=3, random_state=0).fit(Xtr.numpy()).cluster_centers_


class RBFNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = nn.Parameter(torch.tensor(c, dtype=torch.float32))
        self.log_gamma = nn.Parameter(torch.full((len(c),), 1.5))
        self.out = nn.Linear(len(c), 1)

    def forward(self, x):
        d2 = (x[:, None] - self.c).square().sum(-1)
        return self.out(torch.exp(-self.log_gamma.exp() * d2)).squeeze(-1)


model = RBFNet(centres)
crit = nn.BCEWithLogitsLoss()
opt = torch.optim.Adagrad(model.parameters(), lr=0.2)
for ep in range(40):
    model.train()
    tot = 0.0
    for b in torch.randperm(1600).split(40):
        loss = crit(model(Xtr[b]), ytr[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 40
    model.eval()
    with torch.no_grad():
        z = model(Xte)
        if ep % 3 == 0:
            print(f"{ep}: train {tot:.4f} test {crit(z, yte).item():.4f} acc {((z > 0) == (yte > .5)).float().mean().item():.4f}")
