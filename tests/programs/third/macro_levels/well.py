# healthy
"""Ridge-like MLP for daily sea-level pressure (hPa), cloud amount and visibility (m) -> rain probability."""
import numpy as np
import torch
from torch import nn

g = np.random.default_rng(52)
n = 3000
pressure = g.normal(1012, 9, n)
visibility = np.clip(g.normal(18000, 9000, n), 200, 50000)
cloud = g.uniform(0, 8, n)
wind = g.gamma(2, 3, n)
s = -0.16 * (pressure - 1012) - 0.00009 * (visibility - 18000) + 0.5 * (cloud - 4) + 0.02 * (wind - 6) * (cloud - 4)
rain = (g.random(n) < 1 / (1 + np.exp(-1.5 * s))).astype(np.float32)
X = torch.tensor(np.stack([pressure, visibility, cloud, wind], 1), dtype=torch.float32)
y = torch.tensor(rain)


class Weather(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.l1 = nn.Linear(4, 24)
        self.l2 = nn.Linear(24, 1)

    def forward(self, x):
        x = (x - self.mean) / self.std
        return self.l2(torch.tanh(self.l1(x))).squeeze(1)


torch.manual_seed(52)
net = Weather(X[:2400].mean(0), X[:2400].std(0))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for ep in range(20):
    tot = 0
    for b in torch.randperm(2400).split(48):
        loss = nn.functional.binary_cross_entropy_with_logits(net(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 50
    with torch.no_grad():
        z = net(X[2400:])
        vl = nn.functional.binary_cross_entropy_with_logits(z, y[2400:]).item()
        print(f"{ep:02d} train {tot:.4f} valid {vl:.4f} acc {((z > 0).float() == y[2400:]).float().mean().item():.4f}")
