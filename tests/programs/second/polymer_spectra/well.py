# healthy
import torch
from torch import nn

# identify one of six polymers from its transmittance spectrum (per cent, 80 wavenumbers)
torch.manual_seed(42)
gen = torch.Generator().manual_seed(7)
grid = torch.linspace(0, 1, 80)
bands = torch.rand(6, 4, generator=gen)
depth = 0.3 + 0.5 * torch.rand(6, 4, generator=gen)


def spectra(n):
    c = torch.randint(0, 6, (n,))
    shift = 0.006 * torch.randn(n, 1, 1)
    dips = (depth[c][..., None] * torch.exp(-(grid - bands[c][..., None] - shift) ** 2 / 2 / .025 ** 2)).sum(1)
    strength = 0.25 + 0.2 * torch.rand(n, 1)
    return 100 * torch.exp(-strength * dips) * (0.9 + 0.1 * torch.rand(n, 1)) + 5.0 * torch.randn(n, 80), c


Xtr, ytr = spectra(3000)
Xte, yte = spectra(1000)
mean, std = Xtr.mean(0), Xtr.std(0)
Xtr, Xte = (Xtr - mean) / std, (Xte - mean) / std
mlp = nn.Sequential(nn.Linear(80, 40), nn.Tanh(), nn.Dropout(0.2), nn.Linear(40, 6))
loss_fn = nn.CrossEntropyLoss()
EPOCHS, BS = 25, 50
sgd = torch.optim.SGD(mlp.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, EPOCHS * len(Xtr) // BS)

for ep in range(1, EPOCHS + 1):
    mlp.train()
    running = 0.
    idx = torch.randperm(len(Xtr))
    for b in idx.split(BS):
        sgd.zero_grad()
        l = loss_fn(mlp(Xtr[b]), ytr[b])
        l.backward()
        sgd.step()
        sched.step()
        running += l.item()
    mlp.eval()
    with torch.no_grad():
        o = mlp(Xte)
    if ep % 3 == 1:
        print(f"epoch {ep}: loss {running / (len(Xtr) / BS):.3f}, test loss {loss_fn(o, yte).item():.3f}, "
              f"test acc {(o.argmax(1) == yte).float().mean().item():.4f}")
