# healthy
"""Defect detection on casting images (synthetic textures): few defects among many good parts."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler
from sklearn.metrics import confusion_matrix


def parts(n, frac, rng, S=12):
    img = rng.normal(0, 1, (n, S, S)).astype(np.float32)
    bad = (rng.random(n) < frac).astype(np.int64)
    for i in np.flatnonzero(bad):
        r, c = rng.integers(0, S - 3, 2)
        img[i, r:r + 3, c:c + 3] += rng.uniform(0.8, 1.5)
    return torch.from_numpy(img[:, None]), torch.from_numpy(bad)


rng = np.random.default_rng(38)
xt, yt = parts(5000, 0.03, rng)
xv, yv = parts(1500, 0.03, rng)
torch.manual_seed(38)
weights = torch.where(yt == 1, 1.0 / (yt == 1).sum(), 1.0 / (yt == 0).sum())
sampler = WeightedRandomSampler(weights, num_samples=5000, replacement=True)
loader = DataLoader(TensorDataset(xt, yt), batch_size=64, sampler=sampler)
net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 2))
opt = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
ce = nn.CrossEntropyLoss()
for ep in range(12):
    net.train()
    run = 0
    for xb, yb in loader:
        loss = ce(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        run += loss.item() / len(loader)
    sched.step()
    net.eval()
    with torch.no_grad():
        z = net(xv)
        tn, fp, fn, tp = confusion_matrix(yv, z.argmax(1), labels=[0, 1]).ravel()
        print(f"epoch {ep:2d} loss {run:.4f} val_loss {ce(z, yv):.4f} recall {tp/(tp+fn):.3f} specificity {tn/(tn+fp):.3f} balanced {(tp/(tp+fn)+tn/(tn+fp))/2:.3f}")
