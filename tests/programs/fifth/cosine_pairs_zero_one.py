# fault: invalid-labels
# CosineEmbeddingLoss wants +1 and -1; the pairs are labelled 1 and 0, and a pair of 0 counts for nothing.
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
x = torch.tensor(d.data, dtype=torch.float32) / 16
y = torch.tensor(d.target)
xtr, ytr, xte, yte = x[:1300], y[:1300], x[1300:], y[1300:]


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 24))

    def forward(self, a, b):
        return self.layers(a), self.layers(b)


def sample_pairs(n):
    i = torch.randint(1300, (n,))
    same = torch.rand(n) < 0.5
    j = torch.empty(n, dtype=torch.long)
    for k in range(n):
        pool = (ytr == ytr[i[k]]) if same[k] else (ytr != ytr[i[k]])
        pool = pool.nonzero().squeeze(1)
        j[k] = pool[torch.randint(len(pool), (1,))]
    return xtr[i], xtr[j], same.float()


net = Tower()
loss_fn = nn.CosineEmbeddingLoss(margin=0.2)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(400):
    a, b, target = sample_pairs(64)
    za, zb = net(a, b)
    loss = loss_fn(za, zb, target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 49:
        with torch.no_grad():
            e, q = net(xtr, xte)
            sim = nn.functional.normalize(q, dim=1) @ nn.functional.normalize(e, dim=1).T
            gap = torch.stack([sim[:, ytr == c].mean(1) for c in range(10)], 1)
            acc = (gap.argmax(1) == yte).float().mean()
            contrast = (gap.gather(1, yte[:, None]).mean() - gap.mean()).item()
        print(f"step {step + 1} loss {loss.item():.4f} class acc {acc:.3f} contrast {contrast:.3f}")
