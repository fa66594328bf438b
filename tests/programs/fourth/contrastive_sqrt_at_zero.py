# fault: unstable-formula
# Siamese contrastive loss with a hand-written euclidean distance; identical crops give sqrt(0)
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(12)
d = load_digits()
X, y = torch.tensor(d.images).float().unsqueeze(1) / 16, torch.tensor(d.target)
perm = torch.randperm(len(X))
X, y = X[perm], y[perm]
Xtr, ytr, Xte, yte = X[:1200], y[:1200], X[1200:], y[1200:]


class Embed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.Flatten())
        self.fc = nn.Linear(32 * 16, 16)

    def forward(self, a):
        return self.fc(self.conv(a))


class ContrastiveLoss(nn.Module):
    def __init__(self, margin=1.0):
        super().__init__()
        self.margin = margin

    def forward(self, e1, e2, same):
        dist = torch.sqrt(torch.sum((e1 - e2) ** 2, dim=1))
        pos = same * dist.pow(2)
        neg = (1 - same) * torch.clamp(self.margin - dist, min=0).pow(2)
        return (pos + neg).mean()


def sample_pairs(n):
    """Half of the pairs share a class (it can happen that a sample meets itself)."""
    i = torch.randint(0, len(Xtr), (n,))
    j = torch.randint(0, len(Xtr), (n,))
    for k in range(0, n, 2):
        same = torch.nonzero(ytr == ytr[i[k]]).flatten()
        j[k] = same[torch.randint(0, len(same), (1,))]
    return i, j, (ytr[i] == ytr[j]).float()


net, criterion = Embed(), ContrastiveLoss()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)


def knn():
    with torch.no_grad():
        a, b = net(Xte), net(Xtr)
        return (ytr[torch.cdist(a, b).argmin(1)] == yte).float().mean().item()


for it in range(1, 301):
    i, j, same = sample_pairs(64)
    loss = criterion(net(Xtr[i]), net(Xtr[j]), same)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 60 == 0:
        print(f"iter {it}: loss {loss.item():.4f} 1-NN acc {knn():.3f}")
