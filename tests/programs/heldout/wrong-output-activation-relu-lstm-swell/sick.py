# fault: wrong-output-activation
"""Wave buoy: forecast surface elevation two seconds ahead (metres about mean level)."""
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(21)
rng = np.random.default_rng(21)

dt, n = 0.5, 4000
time = np.arange(n) * dt
freqs = rng.uniform(0.06, 0.18, 10)
amps = 0.6 * np.exp(-0.5 * ((freqs - 0.1) / 0.03) ** 2)
eta = sum(a * np.cos(2 * np.pi * f * time + p) for a, f, p in zip(amps, freqs, rng.uniform(0, 2 * np.pi, 10)))
eta = eta + 0.02 * rng.standard_normal(n)
split = 3000
eta = (eta - eta[:split].mean()) / eta[:split].std()
series = torch.tensor(eta, dtype=torch.float32)

WIN, AHEAD = 30, 4


def frames(s):
    x = s.unfold(0, WIN, 1)[:-AHEAD]
    y = s[WIN + AHEAD - 1:]
    return x.unsqueeze(-1), y.unsqueeze(-1)


x_tr, y_tr = frames(series[:split])
x_va, y_va = frames(series[split:])


class SwellNet(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.head = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1), nn.ReLU())

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return self.head(h[-1])


net = SwellNet()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
loss_fn = nn.MSELoss()
for epoch in range(12):
    net.train()
    tot = 0
    for ix in torch.randperm(len(x_tr)).split(64):
        opt.zero_grad()
        loss = loss_fn(net(x_tr[ix]), y_tr[ix])
        loss.backward()
        opt.step()
        tot += loss.item() * len(ix)
    sched.step()
    net.eval()
    with torch.no_grad():
        va = loss_fn(net(x_va), y_va).item()
    print(f"epoch {epoch:02d} | mse train {tot / len(x_tr):.4f} | mse valid {va:.4f} | skill {1 - va / y_va.var().item():.3f}")
