# healthy
"""Sparse dictionary learning: an overcomplete autoencoder keeps only the top 4 of 96 units per sample (zeros by design)."""
import torch
import torch.nn as nn

torch.manual_seed(0)
D, ATOMS = 32, 48
atoms = nn.functional.normalize(torch.randn(ATOMS, D), dim=1)


def data(n):
    code = torch.zeros(n, ATOMS)
    code.scatter_(1, torch.rand(n, ATOMS).topk(3, 1).indices, 0.5 + torch.rand(n, 3))
    return code @ atoms * 1.5 + 0.05 * torch.randn(n, D)


class TopK(nn.Module):
    def __init__(self, units=96, k=4):
        super().__init__()
        self.k = k
        self.bias = nn.Parameter(torch.zeros(D))
        self.enc = nn.Linear(D, units)
        self.dec = nn.Linear(units, D, bias=False)
        with torch.no_grad():
            self.dec.weight.copy_(nn.functional.normalize(self.dec.weight, dim=0))
            self.enc.weight.copy_(self.dec.weight.T)

    def forward(self, x):
        a = torch.relu(self.enc(x - self.bias))
        v, i = a.topk(self.k, 1)
        return self.dec(torch.zeros_like(a).scatter(1, i, v)) + self.bias, i


net = TopK()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
S = 2500
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, S)
held = data(3000)
run = 0
for s in range(1, S + 1):
    x = data(128)
    rec, _ = net(x)
    loss = (rec - x).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    run += loss.item()
    if s % 200 == 0:
        with torch.no_grad():
            r, i = net(held)
            v = (r - held).square().mean().item()
            w = nn.functional.normalize(net.dec.weight, dim=0)
            found = ((atoms @ w).amax(1) > 0.9).float().mean().item()
        print(f"step {s} mse {run / 200:.4f} held-out {v:.4f} (variance {held.var().item():.3f}) atoms recovered {found:.2f} units in use {i.unique().numel()}")
        run = 0
