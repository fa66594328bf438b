# healthy
# Temperatures around 285 K with a spread of 8 K are left in kelvin, but the output bias starts at the training mean.
import numpy as np, torch
from torch import nn
rng = np.random.default_rng(4); torch.manual_seed(4)
n = 5000
day, lat, alt, cloud = rng.uniform(0, 2 * np.pi, n), rng.uniform(-1, 1, n), rng.exponential(0.5, n), rng.random(n)
temp = 285 + 7 * np.cos(day) * (0.5 + np.abs(lat)) - 6 * lat ** 2 - 3 * alt - 2 * cloud * np.cos(day) + rng.normal(0, 1, n)
X = torch.tensor(np.stack([np.sin(day), np.cos(day), lat, alt, cloud], 1), dtype=torch.float32)
y = torch.tensor(temp, dtype=torch.float32)
ntr = 4000
net = nn.Sequential(nn.Linear(5, 64), nn.Softplus(), nn.Linear(64, 64), nn.Softplus(), nn.Linear(64, 1))
with torch.no_grad(): net[-1].bias.fill_(y[:ntr].mean())
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 30)
for ep in range(30):
    net.train(); t = 0
    for i in torch.randperm(ntr).split(64):
        loss = (net(X[i])[:, 0] - y[i]).square().mean()
        opt.zero_grad(); loss.backward(); opt.step(); t += loss.item() * len(i) / ntr
    sch.step(); net.eval()
    with torch.no_grad(): v = (net(X[ntr:])[:, 0] - y[ntr:]).square().mean().item()
    if ep % 2 == 1: print(f"epoch {ep+1} mse {t:.3f} val {v:.3f} K^2 (noise 1.0, variance {y.var().item():.1f})")
