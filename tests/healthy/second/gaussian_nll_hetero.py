# healthy
# Mean and variance head, beta-annealed Gaussian NLL by hand. The NLL goes below zero: that is fine for densities.
import torch, math
from torch import nn
torch.manual_seed(0)

def draw(n):
    x = torch.rand(n, 1) * 6 - 3
    sd = 0.05 + 0.15 * (x.abs() / 3)
    return x, torch.sin(2 * x) + sd * torch.randn(n, 1), sd

class Het(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(1, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
        self.mean, self.logvar = nn.Linear(64, 1), nn.Linear(64, 1)
    def forward(self, x):
        h = self.trunk(x)
        return self.mean(h), self.logvar(h).clamp(-8, 4)

def nll(mu, lv, y):
    return 0.5 * (lv + (y - mu) ** 2 * torch.exp(-lv)).mean()

xtr, ytr, _ = draw(3000)
xte, yte, sdte = draw(2000)
net = Het()
opt = torch.optim.RAdam(net.parameters(), lr=5e-3)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 50)
for epoch in range(50):
    net.train(); s = 0
    for i in torch.randperm(3000).split(100):
        mu, lv = net(xtr[i])
        loss = nll(mu, lv, ytr[i])
        opt.zero_grad(); loss.backward(); nn.utils.clip_grad_norm_(net.parameters(), 20.0); opt.step()
        s += loss.item() / 30
    sch.step()
    if epoch % 5 == 4:
        net.eval()
        with torch.no_grad():
            mu, lv = net(xte)
            ideal = (sdte.log() + 0.5).mean().item()
            print(f"{epoch+1:3d} train {s:.3f} test {nll(mu, lv, yte).item():.3f} (ideal {ideal:.3f}) coverage of 1 sd {((mu-yte).abs() < (0.5*lv).exp()).float().mean().item():.3f}")
