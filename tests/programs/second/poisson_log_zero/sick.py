# fault: unstable-formula
import numpy as np, torch, torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

# hourly bike counts with many zero hours, Poisson deviance as the training loss
class PoissonDeviance(nn.Module):
    def forward(self, rate, y):
        return 2 * (y * torch.log(y / rate) - (y - rate)).mean()

class RateNet(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d, 48), nn.GELU(), nn.Linear(48, 48), nn.GELU(), nn.Linear(48, 1))
    def forward(self, x):
        return nn.functional.softplus(self.net(x)).squeeze(-1) + 1e-4

def hours(n, rng):
    hour, temp, wet, week = rng.uniform(0, 24, n), rng.normal(12, 8, n), rng.random(n) < .25, rng.random(n) < 2 / 7
    rush = np.exp(-(hour - 8) ** 2 / 6) + np.exp(-(hour - 17.5) ** 2 / 8)
    lam = (.15 + 3.0 * rush * (1 - .7 * week) + .8 * week * np.exp(-(hour - 14) ** 2 / 12)) * np.exp(.04 * (temp - 12)) * np.where(wet, .45, 1)
    ang = hour / 24 * 2 * np.pi
    X = np.stack([np.sin(ang) * 1.41, np.cos(ang) * 1.41, np.sin(2 * ang) * 1.41, np.cos(2 * ang) * 1.41, (temp - 12) / 8, (wet - .25) / .43, (week - .286) / .45], 1)
    return torch.tensor(X, dtype=torch.float32), torch.tensor(rng.poisson(lam), dtype=torch.float32), lam

rng = np.random.default_rng(0); torch.manual_seed(0)
X, y, _ = hours(6000, rng); Xv, yv, lam = hours(2000, rng)
dl = DataLoader(TensorDataset(X, y), batch_size=100, shuffle=True)
net, crit = RateNet(7), PoissonDeviance()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=.1)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
for ep in range(12):
    net.train(); tl = 0
    for xb, yb in dl:
        opt.zero_grad(); loss = crit(net(xb), yb); loss.backward(); opt.step(); tl += loss.item() / len(dl)
    sch.step(); net.eval()
    with torch.no_grad():
        r = net(Xv)
        print(f'epoch {ep:2d} deviance {tl:.4f} val deviance {crit(r, yv).item():.4f} correlation with true rate {np.corrcoef(r.numpy(), lam)[0, 1]:.4f}')
