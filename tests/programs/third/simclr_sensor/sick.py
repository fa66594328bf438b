# fault: unstable-formula
"""Self-supervised representation of sensor read-outs: two repeated measurements are positives (InfoNCE)."""
import math
import torch
from torch import nn
import torch.nn.functional as F


class Head(nn.Module):
    def __init__(self, d, out=24):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d, 64), nn.GELU(), nn.Linear(64, out))

    def forward(self, x):
        return F.normalize(self.net(x), dim=-1)


class TwoTower(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.a = self.b = Head(d)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(100.0)))

    def forward(self, xa, xb):
        return self.a(xa) @ self.b(xb).T, self.logit_scale.exp()


def info_nce(sim, scale):
    s = sim * scale
    e = torch.exp(s)
    pos = e.diagonal()
    return -0.5 * (torch.log(pos / e.sum(1)) + torch.log(pos / e.sum(0))).mean()


torch.manual_seed(41)
N, Z = 12000, 6
z = torch.randn(N, Z)
clean = torch.tanh(z @ torch.randn(Z, 20))
xa = clean + 0.25 * torch.randn(N, 20)
xb = clean + 0.25 * torch.randn(N, 20)
xa, xb = ((t - t.mean(0)) / t.std(0) for t in (xa, xb))
n = 10000
net = TwoTower(20)
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.01)
BS, EPOCHS = 100, 12
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EPOCHS * n // BS)
for ep in range(EPOCHS):
    net.train()
    tot = 0.0
    for idx in torch.randperm(n).split(BS):
        loss = info_nce(*net(xa[idx], xb[idx]))
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        with torch.no_grad():
            net.logit_scale.clamp_(0, math.log(100))
        tot += loss.item() * BS / n
    net.eval()
    with torch.no_grad():
        vl, r1 = [], []
        for k in range(n, N, BS):
            sim, sc = net(xa[k:k + BS], xb[k:k + BS])
            vl.append(info_nce(sim, sc).item())
            r1.append((sim.argmax(1) == torch.arange(BS)).float().mean().item())
    print(f"epoch {ep:2d} | loss {tot:.4f} | val {sum(vl)/len(vl):.4f} | R@1 {sum(r1)/len(r1):.4f} (chance 0.01)")
