# fault: unstable-optimizer-setting
"""Denoising diffusion (DDPM, epsilon prediction) on a 2-D two-moons density."""
import argparse
import torch
from torch import nn
from sklearn.datasets import make_moons

p = argparse.ArgumentParser()
p.add_argument("--T", type=int, default=50)
p.add_argument("--lr", type=float, default=2e-3)
p.add_argument("--adam-eps", type=float, default=1.0)
p.add_argument("--epochs", type=int, default=25)
a = p.parse_args([])

torch.manual_seed(0)
beta = torch.linspace(1e-3, 0.15, a.T)
abar = torch.cumprod(1 - beta, 0)
X, _ = make_moons(6000, noise=0.05, random_state=0)
X = torch.tensor((X - X.mean(0)) / X.std(0)).float()
train, held = X[:5000], X[5000:]


class Eps(nn.Module):
    def __init__(self, h=96):
        super().__init__()
        self.register_buffer("freq", torch.arange(1, 9).float())
        self.net = nn.Sequential(nn.Linear(2 + 16, h), nn.SiLU(), nn.Linear(h, h), nn.SiLU(), nn.Linear(h, 2))

    def forward(self, x, t):
        ang = t[:, None] / a.T * self.freq * 3.14159
        return self.net(torch.cat([x, ang.sin(), ang.cos()], 1))


def loss_fn(model, x0, gen=None):
    t = torch.randint(0, a.T, (len(x0),), generator=gen)
    e = torch.randn(x0.shape, generator=gen)
    xt = abar[t].sqrt()[:, None] * x0 + (1 - abar[t]).sqrt()[:, None] * e
    return (model(xt, t.float()) - e).pow(2).mean()


model = Eps()
opt = torch.optim.Adam(model.parameters(), lr=a.lr, eps=a.adam_eps)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, a.epochs)
for ep in range(a.epochs):
    tot = 0
    for x0 in train[torch.randperm(5000)].split(100):
        loss = loss_fn(model, x0)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 50
    sched.step()
    with torch.no_grad():
        v = sum(loss_fn(model, held, torch.Generator().manual_seed(k)).item() for k in range(5)) / 5
    print(f"epoch {ep:3d}  eps-mse {tot:.4f}  held-out {v:.4f}")
