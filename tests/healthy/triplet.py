# healthy: triplet margin loss: more and more triplets have exactly zero loss, batches with tiny gradients
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

rng = np.random.default_rng(0)
torch.manual_seed(0)
d = load_digits()
X, y = torch.tensor(d.data / 16, dtype=torch.float32), d.target
order = rng.permutation(len(X))
tr, te = order[:1300], order[1300:]
by_class = {c: tr[y[tr] == c] for c in range(10)}


def triplets(idx):
    a = rng.choice(idx, 64)
    p = np.array([rng.choice(by_class[y[i]]) for i in a])
    n = np.array([rng.choice(by_class[(y[i] + rng.integers(1, 10)) % 10]) for i in a])
    return X[a], X[p], X[n]


class Embedder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 128), nn.PReLU(), nn.Linear(128, 16))

    def forward(self, x):
        return F.normalize(self.net(x), dim=-1)


f = Embedder()
crit = nn.TripletMarginLoss(margin=0.5)
opt = torch.optim.Adam(f.parameters(), lr=1e-3)
val = [X[torch.from_numpy(q)] for q in (lambda a: (a, np.array([rng.choice(te[y[te] == y[i]]) for i in a]), np.array([rng.choice(te[y[te] != y[i]]) for i in a])))(rng.choice(te, 300))]
for step in range(1, 501):
    a, p, n = triplets(tr)
    loss = crit(f(a), f(p), f(n))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0:
        with torch.no_grad():
            vl = crit(*map(f, val)).item()
            knn = KNeighborsClassifier(5).fit(f(X[tr]).numpy(), y[tr])
            print(f"step {step} triplet loss {loss.item():.4f} val {vl:.4f} 5-NN accuracy {knn.score(f(X[te]).numpy(), y[te]):.4f}")
