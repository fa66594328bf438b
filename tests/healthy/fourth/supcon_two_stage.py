# healthy
# Supervised contrastive pretraining, then a linear classifier over the frozen encoder.
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(0)
d = load_digits()
xa, xb, ya, yb = train_test_split(d.data / 16.0, d.target, test_size=0.25, random_state=0, stratify=d.target)
xa, xb = torch.tensor(xa, dtype=torch.float32), torch.tensor(xb, dtype=torch.float32)
ya, yb = torch.tensor(ya), torch.tensor(yb)
encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU())
projector = nn.Linear(64, 32)


def supcon(z, y, tau=0.2):
    z = F.normalize(z, dim=1)
    sim = z @ z.T / tau
    eye = torch.eye(len(z), dtype=torch.bool)
    sim = sim.masked_fill(eye, -1e9)
    logp = sim - torch.logsumexp(sim, 1, keepdim=True)
    pos = (y[:, None] == y[None]) & ~eye
    return -((logp * pos).sum(1) / pos.sum(1).clamp(min=1)).mean()


opt = torch.optim.Adam([*encoder.parameters(), *projector.parameters()], lr=1e-3)
for epoch in range(15):
    tot = 0
    for b in torch.randperm(len(xa)).split(128):
        view = xa[b] + 0.05 * torch.randn_like(xa[b])
        loss = supcon(projector(encoder(view)), ya[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item()
    print(f"pretrain {epoch} supcon {tot / 11:.4f}")

for p in encoder.parameters():
    p.requires_grad_(False)
head = nn.Linear(64, 10)
opt = torch.optim.Adam(head.parameters(), lr=1e-2)
for epoch in range(10):
    for b in torch.randperm(len(xa)).split(64):
        loss = F.cross_entropy(head(encoder(xa[b])), ya[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(f"linear {epoch} loss {loss.item():.4f} test acc {(head(encoder(xb)).argmax(1) == yb).float().mean():.4f}")
