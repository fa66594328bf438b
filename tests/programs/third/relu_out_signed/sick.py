# fault: wrong-output-activation
"""Gold-price-like returns: predict signed next-step change from lags (AR process with regimes)."""
import numpy as np
import torch
from torch import nn


class ReturnsNet(nn.Module):
    def __init__(self, lags, hidden=32, depth=2):
        super().__init__()
        layers, d = [], lags
        for _ in range(depth):
            layers += [nn.Linear(d, hidden), nn.ReLU()]
            d = hidden
        layers += [nn.Linear(d, 1)]
        layers += [nn.ReLU()]
        self.net = nn.Sequential(*layers)

    def forward(self, x):
        return self.net(x)


r = np.random.default_rng(140)
T = 5000
s = np.zeros(T)
for t in range(3, T):
    s[t] = 0.75 * s[t - 1] - 0.5 * s[t - 2] + 0.5 * np.tanh(2 * s[t - 3]) + 0.35 * r.normal()
L = 6
X = np.lib.stride_tricks.sliding_window_view(s[:-1], L)
y = s[L:]
X, y = torch.tensor((X - s.mean()) / s.std()).float(), torch.tensor((y - s.mean()) / s.std()).float()[:, None]
cut = 4000
torch.manual_seed(140)
net = ReturnsNet(L)
opt = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)
huber = nn.MSELoss()
for ep in range(15):
    acc = 0
    for b in torch.randperm(cut).split(50):
        opt.zero_grad(set_to_none=True)
        loss = huber(net(X[b]), y[b])
        loss.backward()
        opt.step()
        acc += loss.item() / (cut / 50)
    with torch.no_grad():
        p = net(X[cut:])
        v = huber(p, y[cut:]).item()
        sign = ((p > 0) == (y[cut:] > 0)).float().mean().item()
    print(f"epoch {ep:02d} train {acc:.4f} val {v:.4f} R2 {1 - v / y[cut:].var().item():.4f} direction {sign:.3f}")
