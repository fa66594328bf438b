# healthy
"""Custom autograd.Function: rounding with a straight-through gradient in an 4-level quantised network."""
import torch
import torch.nn as nn
from sklearn.datasets import load_digits


class RoundSTE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.round(x * 3) / 3

    @staticmethod
    def backward(ctx, grad):
        return grad


class QuantReLU(nn.Module):
    def forward(self, x):
        return RoundSTE.apply(x.clamp(0, 1))


torch.manual_seed(6)
d = load_digits()
X, y = torch.tensor(d.data).float() / 16, torch.tensor(d.target)
p = torch.randperm(len(X)); X, y = X[p], y[p]
net = nn.Sequential(nn.Linear(64, 128), nn.BatchNorm1d(128), QuantReLU(), nn.Linear(128, 64), nn.BatchNorm1d(64), QuantReLU(), nn.Linear(64, 10))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(10):
    net.train()
    for b in torch.randperm(1400).split(56):
        loss = nn.functional.cross_entropy(net(X[b]), y[b])
        opt.zero_grad(); loss.backward(); opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(X[1400:]).argmax(-1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch:02d} loss {loss.item():.4f} acc {acc:.4f}")
