# healthy
"""RealNVP density model; reports nats per sample. Last layers of the coupling nets start at zero (identity flow)."""
import math
import torch
import torch.nn as nn


class Coupling(nn.Module):
    def __init__(self, dim, mask, hidden=48):
        super().__init__()
        self.register_buffer("mask", mask)
        self.net = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 2 * dim))
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x):
        s, t = self.net(x * self.mask).chunk(2, 1)
        s = 1.5 * torch.tanh(s) * (1 - self.mask)
        t = t * (1 - self.mask)
        return x * torch.exp(s) + t, s.sum(1)


class Flow(nn.Module):
    def __init__(self, dim=4, layers=6):
        super().__init__()
        m = torch.arange(dim) % 2
        self.layers = nn.ModuleList(Coupling(dim, (m if k % 2 else 1 - m).float()) for k in range(layers))

    def log_prob(self, x):
        ld = 0
        for layer in self.layers:
            x, d = layer(x)
            ld = ld + d
        return ld - 0.5 * (x ** 2).sum(1) - 0.5 * x.shape[1] * math.log(2 * math.pi)


def sample(n):
    a = torch.randn(n, 2)
    b1 = 0.6 * a[:, 0] ** 2 - 0.6 + 0.3 * torch.randn(n)
    b2 = torch.sin(2 * a[:, 1]) + 0.3 * torch.randn(n)
    return torch.stack([a[:, 0], b1, b2, a[:, 1]], 1)


torch.manual_seed(0)
x, xt = sample(6000), sample(3000)
exact = 2 * 0.5 * math.log(2 * math.pi * math.e) + 2 * 0.5 * math.log(2 * math.pi * math.e * 0.09)
flow = Flow()
opt = torch.optim.Adam(flow.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 24)
for epoch in range(24):
    flow.train()
    s = 0
    for i in torch.randperm(6000).split(120):
        loss = -flow.log_prob(x[i]).mean()
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), 50.0)
        opt.step()
        s += loss.item() / 50
    sched.step()
    flow.eval()
    with torch.no_grad():
        print(f"epoch {epoch} nll {s:.3f} test {-flow.log_prob(xt).mean().item():.3f} (entropy of the source {exact:.3f})")
