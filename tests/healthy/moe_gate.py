# healthy: mixture of experts, softmax gate inside the network feeding a proper logits head; experts specialise
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class MoE(nn.Module):
    def __init__(self, d_in=4, n_exp=4, h=24, n_out=3):
        super().__init__()
        self.experts = nn.ModuleList([nn.Sequential(nn.Linear(d_in, h), nn.ReLU(), nn.Linear(h, n_out)) for _ in range(n_exp)])
        self.gate = nn.Linear(d_in, n_exp)

    def forward(self, x):
        g = torch.softmax(self.gate(x), dim=-1)
        out = torch.stack([e(x) for e in self.experts], 1)
        return (g.unsqueeze(-1) * out).sum(1), g


def data(n):
    x = torch.randn(n, 4)
    region = (x[:, 0] > 0).long() * 2 + (x[:, 1] > 0).long()
    w = torch.tensor([[1.0, 0.5], [-1.0, 0.5], [0.5, -1.0], [-0.5, -1.0]])[region]
    s = (x[:, 2:] * w).sum(1)
    return x, torch.bucketize(s, torch.tensor([-0.5, 0.5]))


x, y = data(4000)
xv, yv = data(1000)
net = MoE()
opt = torch.optim.Adam(net.parameters(), lr=2e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 14)
for epoch in range(14):
    for i in torch.randperm(4000).split(100):
        logits, g = net(x[i])
        importance = g.mean(0)
        loss = F.cross_entropy(logits, y[i]) + 0.01 * 4 * (importance ** 2).sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    with torch.no_grad():
        lv, gv = net(xv)
    if epoch % 2:
        print(f"epoch {epoch} train {loss.item():.3f} val {F.cross_entropy(lv, yv).item():.3f} acc {(lv.argmax(1) == yv).float().mean().item():.3f} expert load {[round(a, 2) for a in gv.mean(0).tolist()]}")
