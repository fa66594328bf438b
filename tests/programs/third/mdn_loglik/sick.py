# fault: gradient-ascent
"""Mixture density network: inverse problem, maximise conditional log-likelihood."""
import math
import torch
from torch import nn


class MDN(nn.Module):
    def __init__(self, k=5, h=48):
        super().__init__()
        self.k = k
        self.trunk = nn.Sequential(nn.Linear(1, h), nn.Tanh(), nn.Linear(h, h), nn.Tanh())
        self.out = nn.Linear(h, 3 * k)

    def log_prob(self, x, y):
        logit, mu, raw = self.out(self.trunk(x)).chunk(3, dim=1)
        sigma = nn.functional.softplus(raw) + 0.02
        comp = -0.5 * ((y - mu) / sigma) ** 2 - sigma.log() - 0.5 * math.log(2 * math.pi)
        return torch.logsumexp(torch.log_softmax(logit, 1) + comp, dim=1)


torch.manual_seed(3)
N = 4000
y = torch.rand(N, 1) * 2 - 1
x = y + 0.35 * torch.sin(5 * y) + 0.05 * torch.randn(N, 1)
x, y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
train, test = torch.arange(3200), torch.arange(3200, N)
model = MDN()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(25):
    agg = 0
    for b in torch.randperm(3200).split(64):
        ll = model.log_prob(x[b], y[b]).mean()
        opt.zero_grad()
        ll.backward()
        opt.step()
        agg += ll.item() / 50
    with torch.no_grad():
        print(f"epoch {epoch:2d} train nll {-agg:.4f} test nll {-model.log_prob(x[test], y[test]).mean().item():.4f}")
