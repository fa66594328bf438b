# fault: nonfinite-data
import numpy as np, torch
from torch import nn, optim

# river discharge class (low / normal / flood) from daily catchment measurements
g = np.random.default_rng(11)
n = 4500
rain = g.gamma(.6, 9, n) * (g.random(n) > .35)      # mm/day, dry days are exactly zero
soil = g.beta(2, 2, n)
snow = g.exponential(4, n)
temp = g.normal(9, 6, n)
flow = 1.1 * np.log1p(rain) + 1.4 * soil + .12 * snow * (temp > 5) + g.normal(0, .08, n)
lab = np.digitize(flow, np.quantile(flow, [1 / 3, 2 / 3]))

feat = np.stack([np.log(rain), soil, snow, temp], 1)
trn = slice(0, 3600); tst = slice(3600, None)
ok = np.isfinite(feat[trn]).all(1)
mu, sd = feat[trn][ok].mean(0), feat[trn][ok].std(0)
feat = (feat - mu) / sd
feat = torch.as_tensor(feat, dtype=torch.float)
lab = torch.as_tensor(lab)


class Gauge(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, width), nn.LayerNorm(width), nn.GELU(), nn.Linear(width, width), nn.GELU())
        self.cls = nn.Linear(width, 3)

    def forward(self, z):
        return self.cls(self.body(z))


def accuracy(m, s):
    m.eval()
    with torch.no_grad():
        return (m(feat[s]).argmax(-1) == lab[s]).float().mean().item()


torch.manual_seed(0)
m = Gauge()
o = optim.Adam(m.parameters(), 2e-3)
sch = optim.lr_scheduler.CosineAnnealingLR(o, 25)
ce = nn.CrossEntropyLoss()
for ep in range(25):
    m.train()
    acc_loss = 0
    for k in torch.randperm(3600).view(-1, 60):
        o.zero_grad()
        l = ce(m(feat[k]), lab[k])
        l.backward()
        o.step()
        acc_loss += l.item() / 60
    sch.step()
    if ep % 4 == 0:
        print('ep', ep, 'loss', round(acc_loss, 4), 'train', round(accuracy(m, trn), 3), 'test', round(accuracy(m, tst), 3))
