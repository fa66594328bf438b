# healthy
# Metric learning with in-batch semi-hard-ish triplets; evaluated by nearest-centroid accuracy.
import torch, torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import load_digits
torch.manual_seed(0)
d = load_digits(); X = torch.tensor(d.images, dtype=torch.float32)[:, None] / 16; y = torch.tensor(d.target)
p = torch.randperm(len(y)); X, y = X[p], y[p]
Xtr, ytr, Xte, yte = X[:1400], y[:1400], X[1400:], y[1400:]

class Embed(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.c = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten())
        self.f = nn.Linear(512, dim)
    def forward(self, x):
        return F.normalize(self.f(self.c(x)), dim=1)

def triplet_all(e, t, margin=0.3):
    dist = 2 - 2 * e @ e.T
    same = t[:, None] == t[None]
    eye = torch.eye(len(t), dtype=torch.bool)
    ap = dist[:, :, None]; an = dist[:, None, :]
    valid = (same & ~eye)[:, :, None] & (~same)[:, None, :]
    l = F.softplus((ap - an + margin) * 4) / 4          # soft margin: never exactly zero
    return l[valid].mean()

net = Embed()
opt = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)
for ep in range(15):
    net.train(); s = n = 0
    for b in torch.randperm(1400)[:1344].split(64):
        loss = triplet_all(net(Xtr[b]), ytr[b])
        opt.zero_grad(); loss.backward(); opt.step()
        s += loss.item(); n += 1
    net.eval()
    with torch.no_grad():
        et, ev = net(Xtr), net(Xte)
        cent = F.normalize(torch.stack([et[ytr == k].mean(0) for k in range(10)]), dim=1)
        acc = ((ev @ cent.T).argmax(1) == yte).float().mean()
        vl = triplet_all(ev[:200], yte[:200])
    print(f"epoch {ep} triplet {s/n:.4f} test triplet {vl.item():.4f} centroid acc {acc.item():.3f}")
