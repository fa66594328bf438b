# healthy
# Temporal convolutional net (dilated, causal, weight norm, residual) on the adding problem, T=24
import torch, torch.nn as nn
from torch.nn.utils.parametrizations import weight_norm
torch.manual_seed(0)
T = 24
def adding(n):
    v = torch.rand(n, T); m = torch.zeros(n, T)
    a = torch.randint(0, T // 2, (n,)); b = torch.randint(T // 2, T, (n,))
    r = torch.arange(n); m[r, a] = 1; m[r, b] = 1
    return torch.stack([v, m], 1), (v * m).sum(1)
class Temporal(nn.Module):
    def __init__(self, i, o, d, k=3):
        super().__init__()
        self.pad = (k - 1) * d
        self.c1 = weight_norm(nn.Conv1d(i, o, k, dilation=d)); self.c2 = weight_norm(nn.Conv1d(o, o, k, dilation=d))
        self.skip = nn.Conv1d(i, o, 1) if i != o else nn.Identity()
    def forward(self, x):
        h = torch.relu(self.c1(nn.functional.pad(x, (self.pad, 0))))
        h = torch.relu(self.c2(nn.functional.pad(h, (self.pad, 0))))
        return torch.relu(h + self.skip(x))
class TCN(nn.Module):
    def __init__(self, c=20):
        super().__init__()
        self.t = nn.Sequential(Temporal(2, c, 1), Temporal(c, c, 2), Temporal(c, c, 4), Temporal(c, c, 8))
        self.o = nn.Linear(c, 1)
    def forward(self, x): return self.o(self.t(x)[..., -1])[:, 0]
net = TCN(); opt = torch.optim.Adam(net.parameters(), lr=4e-3)
S = 600; sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, S)
xv, yv = adding(1000); run = 0
for s in range(1, S + 1):
    net.train()
    x, y = adding(64)
    loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step(); sch.step(); run += loss.item()
    if s % 50 == 0:
        net.eval()
        with torch.no_grad(): v = nn.functional.mse_loss(net(xv), yv).item()
        print(f"{s}: mse {run/50:.5f} val {v:.5f} (constant answer {yv.var().item():.3f})"); run = 0
