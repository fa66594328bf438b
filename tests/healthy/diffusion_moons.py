# healthy: noise-prediction diffusion on moons: the loss plateaus high (most of the noise cannot be predicted)
import torch
import torch.nn as nn
from sklearn.datasets import make_moons

torch.manual_seed(0)
data = torch.tensor(make_moons(4000, noise=0.04, random_state=0)[0], dtype=torch.float32)
data = (data - data.mean(0)) / data.std(0)
T = 50
beta = torch.linspace(1e-3, 0.15, T)
alpha = 1 - beta
abar = alpha.cumprod(0)


class Denoiser(nn.Module):
    def __init__(self, h=96):
        super().__init__()
        self.temb = nn.Embedding(T, 32)
        self.net = nn.Sequential(nn.Linear(34, h), nn.SiLU(), nn.Linear(h, h), nn.SiLU(), nn.Linear(h, h), nn.SiLU(), nn.Linear(h, 2))

    def forward(self, x, t):
        return self.net(torch.cat([x, self.temb(t)], -1))


@torch.no_grad()
def sample(model, n):
    x = torch.randn(n, 2)
    for t in reversed(range(T)):
        eps = model(x, torch.full((n,), t))
        x = (x - beta[t] / (1 - abar[t]).sqrt() * eps) / alpha[t].sqrt()
        if t > 0:
            x = x + beta[t].sqrt() * torch.randn_like(x)
    return x


def energy(a, b):
    return (2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()).item()


model = Denoiser()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
run = None
for step in range(1, 1201):
    x0 = data[torch.randint(0, len(data), (256,))]
    t = torch.randint(0, T, (256,))
    noise = torch.randn_like(x0)
    xt = abar[t, None].sqrt() * x0 + (1 - abar[t, None]).sqrt() * noise
    loss = (model(xt, t) - noise).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    run = loss.item() if run is None else 0.98 * run + 0.02 * loss.item()
    if step % 200 == 0:
        print(f"step {step} loss (ema) {run:.4f} energy distance of samples {energy(sample(model, 500), data[:500]):.4f}")
