# healthy
# Denoising diffusion on two moons: epsilon prediction. The loss has a high irreducible floor by construction.
import math
import torch
from torch import nn
from sklearn.datasets import make_moons

torch.manual_seed(0)
data = torch.tensor(make_moons(6000, noise=0.05, random_state=0)[0], dtype=torch.float32)
data = (data - data.mean(0)) / data.std(0)
train, test = data[:5000], data[5000:]
T = 50
betas = torch.linspace(2e-4, 0.15, T)
abar = torch.cumprod(1 - betas, 0)


class Eps(nn.Module):
    def __init__(self, h=128):
        super().__init__()
        self.register_buffer("freq", torch.exp(torch.linspace(0, math.log(20), 8)))
        self.inp = nn.Linear(2, h)
        self.temb = nn.Linear(16, h)
        self.l1, self.l2, self.out = nn.Linear(h, h), nn.Linear(h, h), nn.Linear(h, 2)

    def forward(self, x, t):
        a = t[:, None].float() / T * self.freq
        h = nn.functional.silu(self.inp(x) + self.temb(torch.cat([a.sin(), a.cos()], 1)))
        h = h + nn.functional.silu(self.l1(h))
        h = h + nn.functional.silu(self.l2(h))
        return self.out(h)


def loss_on(model, x, gen=None):
    t = torch.randint(0, T, (len(x),), generator=gen)
    e = torch.randn(x.shape, generator=gen)
    xt = abar[t].sqrt()[:, None] * x + (1 - abar[t]).sqrt()[:, None] * e
    return ((model(xt, t) - e) ** 2).mean()


model = Eps()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
E = 40
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, E)
for epoch in range(E):
    model.train()
    tot = 0
    for i in torch.randperm(5000).split(125):
        loss = loss_on(model, train[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 40
    sched.step()
    model.eval()
    with torch.no_grad():
        v = loss_on(model, test.repeat(5, 1), torch.Generator().manual_seed(1)).item()
    print(f"epoch {epoch+1} eps-mse {tot:.4f} test {v:.4f}")
with torch.no_grad():
    x = torch.randn(1000, 2)
    for t in reversed(range(T)):
        e = model(x, torch.full((1000,), t))
        x = (x - betas[t] / (1 - abar[t]).sqrt() * e) / (1 - betas[t]).sqrt()
        if t > 0:
            x = x + (betas[t] * (1 - abar[t - 1]) / (1 - abar[t])).sqrt() * torch.randn_like(x)
    print("nearest-data distance of samples", torch.cdist(x, test).min(1).values.mean().item(), "of train points", torch.cdist(train[:1000], test).min(1).values.mean().item())
