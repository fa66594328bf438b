# healthy
"""Affine coupling + tanh flow on two rings, trained by maximum likelihood; prints the held-out log-density."""
import math

import torch
import torch.nn as nn
from sklearn.datasets import make_moons

torch.manual_seed(1)
data = torch.tensor(make_moons(3000, noise=0.08, random_state=1)[0], dtype=torch.float32)
data = (data - data.mean(0)) / data.std(0)
train, held = data[:2500], data[2500:]


class Coupling(nn.Module):
    def __init__(self, flip):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(1, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 2))
        self.scale = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        a, b = x[:, :1], x[:, 1:]
        if self.flip:
            a, b = b, a
        s, t = self.net(a).chunk(2, 1)
        s = torch.tanh(s) * self.scale.exp()
        b = b * s.exp() + t
        return torch.cat([b, a] if self.flip else [a, b], 1), s.squeeze(1)


class Flow(nn.Module):
    def __init__(self, n=6):
        super().__init__()
        self.layers = nn.ModuleList(Coupling(i % 2 == 1) for i in range(n))

    def log_prob(self, x):
        log_det = 0
        for layer in self.layers:
            x, ld = layer(x)
            log_det = log_det + ld
        return -0.5 * (x**2).sum(1) - math.log(2 * math.pi) + log_det


flow = Flow()
opt = torch.optim.Adam(flow.parameters(), lr=2e-3)
base = -0.5 * (held**2).sum(1).mean().item() - math.log(2 * math.pi)
for epoch in range(16):
    for b in torch.randperm(2500).split(125):
        loss = -flow.log_prob(train[b]).mean()
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
        opt.step()
    with torch.no_grad():
        print(f"epoch {epoch} nll {loss.item():.3f} held-out log-density {flow.log_prob(held).mean().item():.3f} (standard normal {base:.3f})")
