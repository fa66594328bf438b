# healthy: normalising flow (RealNVP) on two moons: coupling nets start at the identity (zero-initialised last layer)
import math
import torch
import torch.nn as nn
from sklearn.datasets import make_moons

torch.manual_seed(0)


class Coupling(nn.Module):
    def __init__(self, flip):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(1, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 2))
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x):
        a, b = x[:, :1], x[:, 1:]
        if self.flip:
            a, b = b, a
        s, t = self.net(a).chunk(2, 1)
        s = torch.tanh(s)
        b = b * torch.exp(s) + t
        return torch.cat((b, a) if self.flip else (a, b), 1), s.squeeze(1)


class Flow(nn.Module):
    def __init__(self, k=6):
        super().__init__()
        self.layers = nn.ModuleList(Coupling(i % 2 == 1) for i in range(k))

    def log_prob(self, x):
        ld = 0
        for l in self.layers:
            x, s = l(x)
            ld = ld + s
        return -0.5 * x.pow(2).sum(1) - math.log(2 * math.pi) + ld


pts, _ = make_moons(4000, noise=0.08, random_state=0)
pts = torch.tensor((pts - pts.mean(0)) / pts.std(0)).float()
train, val = pts[:3200], pts[3200:]
flow = Flow()
opt = torch.optim.Adam(flow.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
for epoch in range(12):
    for idx in torch.randperm(3200).split(128):
        loss = -flow.log_prob(train[idx]).mean()
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(flow.parameters(), 2.0)
        opt.step()
    sched.step()
    with torch.no_grad():
        print(f"epoch {epoch} nll {loss.item():.3f} val nll {-flow.log_prob(val).mean().item():.3f} (Gaussian: {1 + math.log(2 * math.pi):.3f})")
