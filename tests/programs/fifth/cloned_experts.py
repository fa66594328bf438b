# fault: symmetric-initialization
# The experts are deep copies of one module and the gate starts at zero: they get the same gradients and stay one expert.
import copy

import torch
import torch.nn as nn


class Expert(nn.Module):
    def __init__(self, d_in, d_hidden):
        super().__init__()
        self.up = nn.Linear(d_in, d_hidden)
        self.down = nn.Linear(d_hidden, 1)

    def forward(self, x):
        return self.down(torch.tanh(self.up(x)))


class MixtureOfExperts(nn.Module):
    def __init__(self, d_in, n_experts=8, d_hidden=3):
        super().__init__()
        expert = Expert(d_in, d_hidden)
        self.experts = nn.ModuleList([copy.deepcopy(expert) for _ in range(n_experts)])
        self.gate = nn.Linear(d_in, n_experts)
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)

    def forward(self, x):
        weights = torch.softmax(self.gate(x), dim=-1)
        outputs = torch.cat([e(x) for e in self.experts], dim=-1)
        return (weights * outputs).sum(-1)


def piecewise(x):
    region = (x[:, 0] > 0).long() * 2 + (x[:, 1] > 0).long()
    w = torch.tensor([[2.0, -1, 1], [-1.5, 2, -1], [1, 1.5, 2], [-2, -1, 1.5]])
    return torch.sin((x * w[region]).sum(-1)) + 0.5 * region.float()


torch.manual_seed(3)
x = torch.randn(4000, 3)
y = piecewise(x) + 0.05 * torch.randn(4000)
y = (y - y.mean()) / y.std()
xt, yt, xv, yv = x[:3200], y[:3200], x[3200:], y[3200:]
moe = MixtureOfExperts(3)
opt = torch.optim.Adam(moe.parameters(), lr=1e-2)
for epoch in range(20):
    total = 0.0
    for b in torch.randperm(len(xt)).split(64):
        loss = nn.functional.mse_loss(moe(xt[b]), yt[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(b)
    with torch.no_grad():
        v = nn.functional.mse_loss(moe(xv), yv).item()
    print(f"epoch {epoch:2d}  mse {total / len(xt):.4f}  val mse {v:.4f}")
