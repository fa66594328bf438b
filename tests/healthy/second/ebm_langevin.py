# healthy
# Energy-based model trained with short-run Langevin negatives. The contrastive loss hovers around zero when it works.
import torch, torch.nn as nn
torch.manual_seed(0)

def data(n):
    c = torch.tensor([[1.5, 0.], [-0.75, 1.3], [-0.75, -1.3]])
    return c[torch.randint(0, 3, (n,))] + 0.25 * torch.randn(n, 2)

E = nn.Sequential(nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(E.parameters(), lr=1e-3)
buffer = torch.randn(2000, 2)

def langevin(x, steps=20, eps=0.05):
    for q in E.parameters(): q.requires_grad_(False)
    x = x.clone()
    for _ in range(steps):
        x.requires_grad_(True)
        g, = torch.autograd.grad(E(x).sum(), x)
        x = (x - eps * g.clamp(-10, 10) + (2 * eps) ** 0.5 * torch.randn_like(x)).detach()
    for q in E.parameters(): q.requires_grad_(True)
    return x

def free_energy_accuracy():
    with torch.no_grad():
        a, b = data(1000), torch.rand(1000, 2) * 5 - 2.5
        ea, eb = E(a).flatten(), E(b).flatten()
        return (ea[:, None] < eb[None]).float().mean().item()

for it in range(600):
    pos = data(128)
    idx = torch.randint(0, len(buffer), (128,))
    start = buffer[idx]
    start[:8] = torch.randn(8, 2) * 1.5
    neg = langevin(start)
    buffer[idx] = neg
    ep, en = E(pos), E(neg)
    loss = (ep - en).mean() + 0.1 * (ep ** 2 + en ** 2).mean()
    opt.zero_grad(); loss.backward(); opt.step()
    if it == 400: opt.param_groups[0]["lr"] = 1e-4
    if it % 50 == 49:
        d = data(1000); n = buffer[:1000]
        ed = (2 * torch.cdist(d, n).mean() - torch.cdist(d, d).mean() - torch.cdist(n, n).mean()).item()
        print(f"it {it+1} loss {loss.item():+.3f} AUC data vs uniform {free_energy_accuracy():.3f} energy distance of samples {ed:.4f}")
