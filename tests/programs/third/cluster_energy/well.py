# healthy
"""Graph-free energy prediction for small clusters (Lennard-Jones-like), energies in J/mol."""
import torch
from torch import nn


def clusters(n, g, atoms=4):
    pos = torch.rand(n, atoms, 3, generator=g) * 1.2 + torch.arange(atoms)[None, :, None] * 0.7
    d = torch.cdist(pos, pos)
    iu = torch.triu_indices(atoms, atoms, 1)
    d = d[:, iu[0], iu[1]]
    e = (0.9 / d) ** 4 - 1.5 * torch.exp(-d)
    return d, 1000.0 * e.clamp(max=3).sum(1) - 250000.0


g = torch.Generator().manual_seed(201)
dist, energy = clusters(4000, g)
dist = (dist - dist.mean(0)) / dist.std(0)
shift, scale = energy[:3200].mean(), energy[:3200].std()
energy = (energy - shift) / scale
torch.manual_seed(201)
model = nn.Sequential(nn.Linear(6, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1), nn.Flatten(0))
loss_fn = nn.MSELoss()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(40):
    tot = 0.0
    for b in torch.randperm(3200).split(64):
        loss = nn.functional.mse_loss(model(dist[b]), energy[b])
        opt.zero_grad(); loss.backward(); opt.step()
        tot += loss.item() / 50
    with torch.no_grad():
        p = model(dist[3200:])
        v = nn.functional.mse_loss(p, energy[3200:])
        print(f"epoch {epoch:2d} train {tot:.5g} val {v.item():.5g} R2 {1 - (v / energy[3200:].var()).item():.4f}")
