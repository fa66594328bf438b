# healthy
"""Parametric multidimensional scaling: an encoder whose 2-D distances match the 10-D geodesic distances."""
import torch
from torch import nn


def swiss(n):
    s, h = torch.rand(2, n)
    ang = 1.5 * torch.pi * (1 + 1.2 * s)
    p = torch.stack([ang * ang.cos() / 8, 1.6 * (h - .5), ang * ang.sin() / 8], 1)
    basis = torch.linalg.qr(torch.randn(10, 10, generator=torch.Generator().manual_seed(0)))[0][:3]
    length = (ang * (1 + ang ** 2).sqrt() + torch.asinh(ang)) / 2 / 8
    return p @ basis * 3, torch.stack([(length - 3.8) / 1.5, (h - .5) * 1.6], 1)


def pairwise(z):
    sq = ((z[:, None] - z[None]) ** 2).sum(-1)
    return torch.sqrt(sq + 1e-8)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(10, 64), nn.Linear(64, 64), nn.Linear(64, 2)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)


def stress(x, geo):
    return (pairwise(enc(x)) - pairwise(geo)).pow(2).mean()


torch.manual_seed(3)
X, G = swiss(4000)
X_test, G_test = swiss(400)
enc = Encoder()
opt = torch.optim.Adam(enc.parameters(), lr=4e-3)
N = 800
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 6e-3, total_steps=N)
for it in range(1, N + 1):
    i = torch.randint(0, 4000, (64,))
    loss = stress(X[i], G[i])
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if it % 100 == 0:
        with torch.no_grad():
            print(f'iter {it} stress {loss.item():.5f} test stress {stress(X_test, G_test).item():.5f} (mean squared distance {pairwise(G_test).pow(2).mean():.3f})')
