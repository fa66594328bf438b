# healthy
"""Mixture density network for an inverse problem (x as a function of y is multi-valued)."""
import torch
from torch import nn
from torch.distributions import Categorical, MixtureSameFamily, Normal

torch.manual_seed(3)
t = torch.rand(3000)
x = t + 0.3 * torch.sin(2 * torch.pi * t) + 0.05 * torch.randn(3000)
inp, out = (x[:, None] - 0.5) * 2, t
split = 2400


class MDN(nn.Module):
    def __init__(self, k=4):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(1, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh())
        self.pi, self.mu, self.log_sigma = nn.Linear(48, k), nn.Linear(48, k), nn.Linear(48, k)

    def forward(self, x):
        h = self.trunk(x)
        sigma = nn.functional.softplus(self.log_sigma(h)) + 1e-3
        return MixtureSameFamily(Categorical(logits=self.pi(h)), Normal(self.mu(h), sigma))


net = MDN()
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
base = -Normal(out[:split].mean(), out[:split].std()).log_prob(out[split:]).mean().item()
for epoch in range(20):
    for b in torch.randperm(split).split(64):
        nll = -net(inp[b]).log_prob(out[b]).mean()
        opt.zero_grad()
        nll.backward()
        opt.step()
    with torch.no_grad():
        held = -net(inp[split:]).log_prob(out[split:]).mean().item()
    print(f"epoch {epoch} train {nll.item():.3f} held-out NLL {held:.3f} (one Gaussian {base:.3f})")
