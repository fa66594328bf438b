# healthy
"""Evidential classification: Dirichlet evidence, expected cross-entropy plus an annealed KL to the flat Dirichlet."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

K = 10
torch.manual_seed(0)


def kl_to_uniform(alpha):
    s = alpha.sum(1)
    return (torch.lgamma(s) - torch.lgamma(alpha).sum(1) - torch.lgamma(torch.tensor(float(K)))
            + ((alpha - 1) * (torch.digamma(alpha) - torch.digamma(s)[:, None])).sum(1))


def edl_loss(evidence, y, coef):
    alpha = evidence + 1
    s = alpha.sum(1)
    one = F.one_hot(y, K).float()
    ce = (one * (torch.digamma(s)[:, None] - torch.digamma(alpha))).sum(1)
    alpha_t = one + (1 - one) * alpha
    return (ce + coef * kl_to_uniform(alpha_t)).mean()


d = load_digits()
Xa, Xb, ya, yb = train_test_split(d.data / 16, d.target, test_size=400, random_state=0, stratify=d.target)
Xa, Xb = torch.tensor(Xa).float(), torch.tensor(Xb).float()
ya, yb = torch.tensor(ya), torch.tensor(yb)
net = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Dropout(0.2), nn.Linear(96, K), nn.Softplus())
opt = torch.optim.Adam(net.parameters(), lr=4e-3, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 35)
for epoch in range(35):
    net.train()
    coef = 0.01 * min(1, epoch / 10)
    t = 0
    for i in torch.randperm(len(Xa)).split(32):
        loss = edl_loss(net(Xa[i]), ya[i], coef)
        opt.zero_grad()
        loss.backward()
        opt.step()
        t += loss.item() * len(i) / len(Xa)
    sched.step()
    net.eval()
    with torch.no_grad():
        ev = net(Xb)
        acc = (ev.argmax(1) == yb).float().mean().item()
        u = (K / (ev + 1).sum(1)).mean().item()
        vl = edl_loss(ev, yb, coef).item()
    if epoch % 2 == 0:
        print(f"epoch {epoch} loss {t:.3f} val {vl:.3f} acc {acc:.3f} vacuity {u:.3f}")
