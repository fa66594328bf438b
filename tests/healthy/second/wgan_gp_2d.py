# healthy
# WGAN-GP on a ring of Gaussians. Critic loss is not meant to fall to a minimum; watch the two-sample distance instead.
import math, torch, torch.nn as nn
torch.manual_seed(0)
def real(n):
    k = torch.randint(0, 6, (n,)).float() * (2 * math.pi / 6)
    return torch.stack([k.cos(), k.sin()], 1) + 0.12 * torch.randn(n, 2)
G = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
C = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
og = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.0, 0.9))
oc = torch.optim.Adam(C.parameters(), lr=1e-3, betas=(0.0, 0.9))
B = 128
def penalty(x, f):
    a = torch.rand(len(x), 1)
    m = (a * x + (1 - a) * f).requires_grad_(True)
    g, = torch.autograd.grad(C(m).sum(), m, create_graph=True)
    return ((g.norm(dim=1) - 1) ** 2).mean()
@torch.no_grad()
def energy_distance(n=800):
    a, b = real(n), G(torch.randn(n, 4))
    return (2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()).item()
steps = 700
for it in range(steps):
    frac = 1 - it / steps
    for o in (og, oc):
        for grp in o.param_groups: grp["lr"] = 1e-3 * max(frac, 0.05)
    for _ in range(3):
        x = real(B)
        with torch.no_grad(): f = G(torch.randn(B, 4))
        lc = C(f).mean() - C(x).mean() + 1.0 * penalty(x, f)
        oc.zero_grad(); lc.backward(); oc.step()
    lg = -C(G(torch.randn(B, 4))).mean()
    og.zero_grad(); lg.backward(); og.step()
    if it % 50 == 49: print(f"{it+1} critic {lc.item():+.4f} gen {lg.item():+.4f} energy distance {energy_distance():.4f}")
