# healthy
"""GAN on a 2-D ring distribution, non-saturating loss, two optimizers."""
import math
import torch
from torch import nn
import torch.nn.functional as F


def ring(n):
    a = torch.rand(n, 1) * 2 * math.pi
    r = 1.4 + 0.1 * torch.randn(n, 1)
    return torch.cat([r * a.cos(), r * a.sin()], 1)


def sliced_w(a, b, k=64):
    g = torch.Generator().manual_seed(0)
    d = F.normalize(torch.randn(2, k, generator=g), dim=0)
    return ((a @ d).sort(0).values - (b @ d).sort(0).values).abs().mean().item()


torch.manual_seed(1)
Z = 4
G = nn.Sequential(nn.Linear(Z, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 2))
D = nn.Sequential(nn.Linear(2, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.9))
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.9))
held = ring(2000)
B = 128
for it in range(1, 2001):
    real = ring(B)
    fake = G(torch.randn(B, Z))
    fake_in = fake.detach()
    real.requires_grad_(True)
    dr = D(real)
    gp = torch.autograd.grad(dr.sum(), real, create_graph=True)[0].square().sum(1).mean()
    loss_d = F.softplus(-dr).mean() + F.softplus(D(fake_in)).mean() + 0.05 * gp
    opt_d.zero_grad()
    loss_d.backward()
    opt_d.step()

    loss_g = F.softplus(-D(fake)).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    if it % 100 == 0:
        with torch.no_grad():
            print(f"iter {it} D {loss_d.item():.4f} G {loss_g.item():.4f} sliced-W {sliced_w(G(torch.randn(2000, Z)), held):.4f}")
