# healthy
"""Mixture of experts with a soft gate and a load-balancing penalty; piecewise target."""
import torch
import torch.nn as nn


class MoE(nn.Module):
    def __init__(self, d, experts=4, h=32):
        super().__init__()
        self.gate = nn.Linear(d, experts)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Linear(h, 1)) for _ in range(experts))

    def forward(self, x):
        g = torch.softmax(self.gate(x), -1)
        y = torch.cat([e(x) for e in self.experts], -1)
        return (g * y).sum(-1), g


def target(x):
    a = torch.where(x[:, 0] > 0, 1.5 * x[:, 1] - x[:, 2], torch.sin(2 * x[:, 1]) + x[:, 3])
    return a + 0.5 * (x[:, 4] > 0) * x[:, 0]


torch.manual_seed(0)
X = torch.randn(6000, 6)
y = target(X) + 0.1 * torch.randn(6000)
Xv = torch.randn(2000, 6)
yv = target(Xv) + 0.1 * torch.randn(2000)
net = MoE(6)
opt = torch.optim.Adam(net.parameters(), lr=8e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 30)
for epoch in range(1, 31):
    net.train()
    tot = 0
    for i in torch.randperm(6000).split(100):
        pred, g = net(X[i])
        fit = (pred - y[i]).square().mean()
        load = g.mean(0)
        loss = fit + 0.01 * (load * 4 - 1).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += fit.item() / 60
    sched.step()
    net.eval()
    with torch.no_grad():
        pv, gv = net(Xv)
        v = (pv - yv).square().mean().item()
    if epoch % 2 == 0:
        print(f"epoch {epoch} train mse {tot:.4f} val mse {v:.4f} R2 {1 - v / yv.var().item():.3f} load {[round(t, 2) for t in gv.mean(0).tolist()]}")
